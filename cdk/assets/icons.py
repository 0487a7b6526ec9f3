"""The icons of the installed page, rendered by Chromium from html/icon.svg: `make icons`."""

import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

HTML = Path(__file__).parents[2] / "html"
# Name → (edge in pixels, whether the system masks the icon). A masked icon has a full-bleed
# background; its figure stays inside the safe zone, a circle of four fifths of the edge (W3C).
ICONS = {
    "192.png": (192, False),
    "512.png": (512, False),
    "maskable-512.png": (512, True),
    "apple-touch.png": (180, True),
}
FLAGS = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def main() -> None:
    drawing = (HTML / "icon.svg").read_text()
    with sync_playwright() as playwright:
        # None: Playwright's own
        path = (
            os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        )
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for name, (edge, masked) in ICONS.items():
            picture = _full_bleed(drawing) if masked else drawing
            (HTML / "icons" / name).write_bytes(_draw(browser, picture, edge))
        browser.close()


def _full_bleed(drawing: str) -> str:
    """Return the drawing with its background extended to the edges."""
    parts = re.fullmatch(r'(<svg [^>]*>)<rect [^>]*fill="(#\w+)"/>(.*)</svg>\s*', drawing)
    if not parts:
        raise SystemExit(
            "Error: html/icon.svg has no <rect> background directly below <svg>, which the masked "
            "icons extend to the edges; draw it that way, then run 'make icons' again."
        )
    head, colour, figure = parts.groups()
    return f'{head}<rect width="32" height="32" fill="{colour}"/>{figure}</svg>'


def _draw(browser: Browser, drawing: str, edge: int) -> bytes:
    page = browser.new_page(viewport={"width": edge, "height": edge})
    page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:100vw}}</style>{drawing}")
    picture = page.screenshot(omit_background=True)
    page.close()
    return picture


if __name__ == "__main__":
    main()

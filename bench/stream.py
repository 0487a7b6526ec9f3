"""The time that a browser spends on a streaming answer: this page, and a full render per piece.

Run: `python -m bench.stream`. Chromium's CPU is throttled four times, to resemble a cheap phone.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, quantiles

from playwright.sync_api import Browser, Page, Route, sync_playwright
from rich.console import Console
from rich.table import Table

from cdk.assets.page import HTML

CHARACTERS = 32 * 1024
PIECES = 2_000
SLOWDOWN = 4  # CPU throttling rate of the DevTools protocol
FULL_RENDER_STRIDE = 20  # rendering every piece in full would take a minute
SCRIPT = Path(__file__).with_suffix(".js")
ORIGIN = "http://bench.invalid"
SYSTEM_CHROMIUM = Path("/usr/bin/chromium")
PARAGRAPHS = (
    "경주는 **천년의 역사(新羅)**를 품은 도시예요. 대릉원의 *부드러운 능선*을 따라 걷다 보면 "
    "`첨성대`와 계림이 차례로 나타나고, 해가 지면 동궁과 월지의 불빛이 물 위에 내려앉아요.",
    "1. **불국사**는 아침에 가세요\n2. 점심은 쌈밥\n   - 가까운 식당 두 곳",
    "| 장소 | 시간 |\n|:--|--:|\n| 불국사 | 2시간 |\n| 대릉원 | 1시간 |",
    "```python\ndef hello(name):\n    return f'{name}님, 안녕하세요'\n```",
)


@dataclass(frozen=True)
class Costs:
    """Milliseconds for each piece, in the order of the answer."""

    pieces: list[float]

    @property
    def p95(self) -> float:
        return quantiles(self.pieces, n=20)[-1]

    @property
    def longest(self) -> float:
        return max(self.pieces)

    @property
    def mean(self) -> float:
        return fmean(self.pieces)

    @property
    def growth(self) -> float:
        """Return the ratio of the medians of the last and the first quarter."""
        quarter = len(self.pieces) // 4
        first, last = sorted(self.pieces[:quarter]), sorted(self.pieces[-quarter:])
        return last[quarter // 2] / first[quarter // 2]


def measure(page: Page, way: str, stride: int = 1) -> Costs:
    """Stream the answer into a page from `opened`; `way` is "ours" or "usual" (full render)."""
    arguments = {"way": way, "pieces": pieces(), "stride": stride}
    return Costs(page.evaluate(SCRIPT.read_text(encoding="utf-8"), arguments))


def pieces() -> list[str]:
    """Return an answer of 32 K characters, with all kinds of Markdown, in 2,000 pieces."""
    blocks = (PARAGRAPHS[number % len(PARAGRAPHS)] for number in range(CHARACTERS))
    text = ""
    while len(text) < CHARACTERS:
        text += next(blocks) + "\n\n"
    cuts = [round(number * CHARACTERS / PIECES) for number in range(PIECES + 1)]
    return [text[start:end] for start, end in pairwise(cuts)]


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """Open a throttled page with the styles and modules of html/, without its security policy.

    The policy would refuse the innerHTML of the full render.
    """
    page = browser.new_page()
    page.route("**/*", serve)
    page.goto(f"{ORIGIN}/")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    try:
        yield page
    finally:
        page.close()


def serve(route: Route) -> None:
    name = route.request.url.removeprefix(ORIGIN).lstrip("/")
    if name:
        route.fulfill(path=HTML / name)
    else:
        sheet = '<!doctype html><html lang="ko"><link rel="stylesheet" href="/css/page.css">'
        route.fulfill(body=sheet, content_type="text/html; charset=utf-8")


def main() -> None:
    console = Console()
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(
            executable_path=None if own.exists() else SYSTEM_CHROMIUM,
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        with opened(browser) as page, console.status("Streaming 32 KB in two ways ..."):
            ours = measure(page, "ours")
            usual = measure(page, "usual", FULL_RENDER_STRIDE)
        browser.close()
    console.print(table(ours, usual))


def table(ours: Costs, usual: Costs) -> Table:
    shown = Table(title=f"{PIECES:,} pieces of an answer of 32 KB, at {SLOWDOWN}x CPU throttle")
    for head in ("", "this page", "full render", "ratio"):
        shown.add_column(head, justify="left" if head == "" else "right")
    for label, mine, other in (
        ("p95 of a piece, ms", ours.p95, usual.p95),
        ("longest piece, ms", ours.longest, usual.longest),
        ("all pieces, s", ours.mean * PIECES / 1_000, usual.mean * PIECES / 1_000),
    ):
        shown.add_row(label, f"{mine:.1f}", f"{other:.1f}", f"{other / mine:.0f}")
    shown.add_row("last quarter / first quarter", f"{ours.growth:.1f}", f"{usual.growth:.1f}", "")
    return shown


if __name__ == "__main__":
    main()

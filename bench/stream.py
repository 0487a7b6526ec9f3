"""What showing an answer costs the browser while it streams: the page's way, and the usual one.

Run: `python -m bench.stream`. Chromium is slowed down four times, as an inexpensive phone is.
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
SLOWER = 4  # times, by the DevTools protocol
USUAL_STRIDE = 20  # the usual way would take a minute for all pieces
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
    """Milliseconds that single pieces took, in the order of the answer."""

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
        """How much more the typical piece of the last quarter takes than one of the first."""
        quarter = len(self.pieces) // 4
        first, last = sorted(self.pieces[:quarter]), sorted(self.pieces[-quarter:])
        return last[quarter // 2] / first[quarter // 2]


def measure(page: Page, way: str, stride: int = 1) -> Costs:
    """Streams the answer into `page`, which has been opened by `opened`; `way`: ours or usual."""
    arguments = {"way": way, "pieces": pieces(), "stride": stride}
    return Costs(page.evaluate(SCRIPT.read_text(encoding="utf-8"), arguments))


def pieces() -> list[str]:
    """An answer of 32 KB of characters that has everything in it, in 2,000 pieces."""
    blocks = (PARAGRAPHS[number % len(PARAGRAPHS)] for number in range(CHARACTERS))
    text = ""
    while len(text) < CHARACTERS:
        text += next(blocks) + "\n\n"
    cuts = [round(number * CHARACTERS / PIECES) for number in range(PIECES + 1)]
    return [text[start:end] for start, end in pairwise(cuts)]


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """A slow page with the styles and modules of html/, and no policy: the usual way needs none."""
    page = browser.new_page()
    page.route("**/*", serve)
    page.goto(f"{ORIGIN}/")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
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
        with opened(browser) as page, console.status("Streaming 32 KB, two ways ..."):
            ours = measure(page, "ours")
            usual = measure(page, "usual", USUAL_STRIDE)
        browser.close()
    console.print(table(ours, usual))


def table(ours: Costs, usual: Costs) -> Table:
    shown = Table(title=f"{PIECES:,} pieces of an answer of 32 KB, at {SLOWER}x CPU throttle")
    for head in ("", "this page", "all rendered anew", "times"):
        shown.add_column(head, justify="left" if head == "" else "right")
    for said, mine, other in (
        ("95 % of pieces within, ms", ours.p95, usual.p95),
        ("longest, ms", ours.longest, usual.longest),
        ("all pieces, s", ours.mean * PIECES / 1_000, usual.mean * PIECES / 1_000),
    ):
        shown.add_row(said, f"{mine:.1f}", f"{other:.1f}", f"{other / mine:.0f}")
    shown.add_row("last quarter / first", f"{ours.growth:.1f}", f"{usual.growth:.1f}", "")
    return shown


if __name__ == "__main__":
    main()

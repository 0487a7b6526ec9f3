"""The cost of rendering an answer while it streams: the page's renderer and the usual one.

Run: `python -m bench.stream`, with names of samples for these alone. Chromium is slowed
down four times, as an inexpensive phone is.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from statistics import fmean, quantiles

from playwright.sync_api import Browser, Page, Route, sync_playwright
from rich.console import Console
from rich.table import Table

from cdk.assets.page import HTML
from tests import browsers

SLOWER = 4  # times, by the DevTools protocol
USUAL_STRIDE = 25  # the usual way would take minutes for all pieces
SCRIPT = Path(__file__).with_suffix(".js")
ORIGIN = "http://bench.invalid"
MIXED = (
    "경주는 **천년의 역사(新羅)**를 품은 도시예요. 대릉원의 *부드러운 능선*을 따라 걷다 보면 "
    "`첨성대`와 계림이 차례로 나타나고, 해가 지면 동궁과 월지의 불빛이 물 위에 내려앉아요.\n\n",
    "1. **불국사**는 아침에 가세요\n2. 점심은 쌈밥\n   - 가까운 식당 두 곳\n\n",
    "| 장소 | 시간 |\n|:--|--:|\n| 불국사 | 2시간 |\n| 대릉원 | 1시간 |\n\n",
    "```python\ndef hello(name):\n    return f'{name}님, 안녕하세요'\n```\n\n",
)
CODE = (
    "def step_{0}(value: int) -> str:\n",
    '    """{0}번째 단계를\n    설명해요."""\n',
    "    return f'{value + {0}}'  # {0}번째 값\n\n",
)
SENTENCE = "번째는 **굵은 말(bold)**과 `코드`를 담은 *조금 긴* 문장이에요."


@dataclass(frozen=True)
class Sample:
    """A text of `length` characters that arrives in `pieces` pieces."""

    head: str
    line: Callable[[int], str]
    length: int = 16 * 1024
    pieces: int = 1_000

    def cut(self) -> list[str]:
        lines = (self.line(number) for number in count(1))
        text = self.head
        while len(text) < self.length:
            text += next(lines)
        cuts = [round(number * self.length / self.pieces) for number in range(self.pieces + 1)]
        return [text[start:end] for start, end in pairwise(cuts)]


SAMPLES = {
    "mixed, 32 KB": Sample("", lambda n: MIXED[n % len(MIXED)], 32 * 1024, 2_000),
    "list": Sample("", lambda n: f"{n}. {n}{SENTENCE}\n"),
    "nested list": Sample("", lambda n: f"{n}. {n}{SENTENCE}\n   - 하나 `a`\n   - 둘 **b**\n"),
    "list in one item": Sample("- 목록\n", lambda n: f"  - {n}{SENTENCE}\n"),
    "table": Sample(
        "| 이름 | 값 | 뜻 |\n|:--|--:|---|\n", lambda n: f"| {n} | `{n}` | **뜻** {n} |\n"
    ),
    "code": Sample("```python\n", lambda n: f"value_{n} = compute({n})  # {n}번째 값\n"),
    "code of all colours": Sample(
        "```python\n", lambda n: CODE[n % len(CODE)].replace("{0}", str(n))
    ),
    "formulas": Sample(
        "",
        lambda n: (
            f"{n}번째 값 $x_{{{n}}} = \\frac{{{n}}}{{2}}$은 앞의 값보다 \\(a*b\\)만큼 커져요. "
        ),
    ),
    "formulas in a list": Sample("", lambda n: f"- {n}번째 값은 $x_{{{n}}}$이고 \\(a*b\\)예요.\n"),
    "formula blocks": Sample(
        "", lambda n: f"{n}번째 식\n\n$$\nx_{{{n}}} = \\sqrt{{b^2 - 4ac + {n}}}\n$$\n\n"
    ),
    "details": Sample("<details>\n<summary>풀이</summary>\n\n", lambda n: f"- {n}{SENTENCE}\n"),
    "footnotes": Sample("", lambda n: f"[^{n}]: {n}{SENTENCE}\n"),
    "paragraph": Sample("", lambda n: f"{n}{SENTENCE} "),
    "paragraph of lines": Sample("", lambda n: f"{n}{SENTENCE}\n"),
    "quote": Sample("", lambda n: f"> {n}{SENTENCE}\n"),
}


@dataclass(frozen=True)
class Costs:
    """The milliseconds of each piece, in the order of the answer."""

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
        """The median of the last quarter, divided by that of the first."""
        quarter = len(self.pieces) // 4
        first, last = sorted(self.pieces[:quarter]), sorted(self.pieces[-quarter:])
        return last[quarter // 2] / first[quarter // 2]


def measure(page: Page, way: str, sample: str = "mixed, 32 KB", stride: int = 1) -> Costs:
    """Stream a sample into a page of `opened`; `way`: ours, flowing or usual."""
    arguments = {"way": way, "pieces": SAMPLES[sample].cut(), "stride": stride}
    return Costs(page.evaluate(SCRIPT.read_text(encoding="utf-8"), arguments))


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """Open a slow page with the styles and modules of html/, without a policy."""
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
    results = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            **(browsers.find(playwright.chromium) or {}), args=browsers.arguments()
        )
        for name in sys.argv[1:] or SAMPLES:
            with opened(browser) as page, console.status(f"Streaming: {name} ..."):
                results[name] = (
                    measure(page, "ours", name),
                    measure(page, "flowing", name),
                    measure(page, "usual", name, USUAL_STRIDE),
                )
        browser.close()
    console.print(table(results))


def table(results: dict[str, tuple[Costs, Costs, Costs]]) -> Table:
    title = f"An answer of 16 KB in 1,000 pieces, ms a piece at {SLOWER}x CPU throttle"
    shown = Table(
        "",
        title=title,
        caption="growth: last quarter / first; flowing: the sum for frames of 100 ms that flow, "
        "divided by that for frames of 40 ms; usual: marked + innerHTML",
    )
    for head in (
        "mean",
        "p95",
        "longest",
        "growth",
        "flowing",
        "usual: mean",
        "p95",
        "growth",
        "times slower",
    ):
        shown.add_column(head, justify="right")
    for name, (ours, flowing, usual) in results.items():
        ratio = sum(flowing.pieces) / sum(ours.pieces)
        mine = (ours.mean, ours.p95, ours.longest, ours.growth, ratio)
        cells = (*mine, usual.mean, usual.p95, usual.growth, usual.mean / ours.mean)
        shown.add_row(name, *(f"{number:.1f}" for number in cells))
    return shown


if __name__ == "__main__":
    main()

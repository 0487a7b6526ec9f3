"""Taking an answer out: as rich text, without marks, as Markdown, and its tables."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backend import Backend
from tests.browser.site import Site, stored_turn

ANSWER = r"""## 경주

**불국사(佛國寺)**와 [안내](https://example.com/a)예요. 식은 $x^2$, 값은 $5.

1. 하나
   - 안쪽
2. 둘

| 장소 | 값 |
|---|--:|
| 불국사, "절" | -1+1 |
| =HYPERLINK("x") | -5 |

```python
def f():
    pass
```
"""
PLAIN = """경주

불국사(佛國寺)와 안내 (https://example.com/a)예요. 식은 $x^2$, 값은 $5.

1. 하나
   • 안쪽
2. 둘

장소\t값
불국사, "절"\t-1+1
=HYPERLINK("x")\t-5

def f():
    pass"""


@pytest.fixture
def answered(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    site.history.turns = [stored_turn("경주 여행", ANSWER)]
    page.goto(site.url)
    expect(page.locator("math")).to_be_visible()
    return page


def clipboard(page: Page, kind: str) -> str:
    text: str = page.evaluate(
        """async (kind) => {
          const [item] = await navigator.clipboard.read();
          return (await item.getType(kind)).text();
        }""",
        kind,
    )
    return text.replace("\r\n", "\n")


def choose(page: Page, name: str) -> None:
    page.locator(".answer").get_by_role("button", name="더 보기").click()
    page.get_by_role("menuitem", name=name).click()


def test_an_answer_is_copied_as_rich_text_and_without_marks(answered: Page) -> None:
    copy = answered.locator(".answer .actions").get_by_role("button", name="복사")
    copy.click()
    expect(answered.get_by_text("복사했어요").first).to_be_visible()
    assert clipboard(answered, "text/plain") == PLAIN
    html = clipboard(answered, "text/html")
    for part in (
        "<h2",
        "<strong",
        "<ol",
        "<table",
        "<pre",
        "$x^2$",
        'href="https://example.com/a"',
    ):
        assert part in html
    assert not re.search(r"<button|<math|class=|data-", html)


def test_an_answer_is_copied_and_saved_as_markdown(answered: Page) -> None:
    choose(answered, "Markdown으로 복사")
    expect(answered.locator("#status")).to_have_text("복사했어요.")
    assert clipboard(answered, "text/plain") == ANSWER
    with answered.expect_download() as download:
        choose(answered, "Markdown 파일로 저장")
    assert re.fullmatch(r"서연-답-경주 여행-[\d-]{10}\.md", download.value.suggested_filename)
    assert Path(download.value.path()).read_text("utf-8") == ANSWER


def test_a_table_is_copied_for_a_spreadsheet_and_saved_without_formulas(answered: Page) -> None:
    choose(answered, "표 복사: 장소 · 값")
    expect(answered.locator("#status")).to_have_text("복사했어요.")
    rows = ["장소\t값", '불국사, "절"\t-1+1', '=HYPERLINK("x")\t-5']
    assert clipboard(answered, "text/plain") == "\n".join(rows)
    with answered.expect_download() as download:
        choose(answered, "CSV로 저장: 장소 · 값")
    assert re.fullmatch(r"서연-표-장소 값-[\d-]{10}\.csv", download.value.suggested_filename)
    assert Path(download.value.path()).read_bytes().decode("utf-8") == (
        '\ufeff장소,값\r\n"불국사, ""절""","\'-1+1"\r\n"\'=HYPERLINK(""x"")",-5\r\n'
    )


def test_a_copied_selection_has_the_source_of_formulas(answered: Page) -> None:
    answered.evaluate("getSelection().selectAllChildren(document.querySelector('.prose p'))")
    answered.keyboard.press("Control+c")
    copied = clipboard(answered, "text/plain")
    assert copied == PLAIN.split("\n\n")[1]

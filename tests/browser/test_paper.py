"""What leaves the screen: printed, copied by hand, installed."""

import json
import struct
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from cdk.assets.page import HTML
from tests.browser.backend import Backend
from tests.browser.site import Site, stored_turn
from tests.browser.test_markdown import SAMPLE

pytestmark = pytest.mark.whole_browser

VISIBLE_TEXTS = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.data.trim() && node.parentElement.checkVisibility()) texts.push(node.data.trim());
  }
  return texts;
}"""


@pytest.fixture
def read(page: Page, site: Site, backend: Backend, returning: None) -> Page:
    """The page with two answers on it."""
    site.history.turns = [stored_turn("경주 여행", SAMPLE), stored_turn("고마워", "언제든요.")]
    page.goto(site.url)
    expect(page.locator(".prose").last).to_have_text("언제든요.")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_gets_the_conversation_and_nothing_else(
    read: Page, theme: Literal["light", "dark"]
) -> None:
    read.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    read.locator("#question").fill("쓰다 만 글")
    read.emulate_media(media="print", color_scheme=theme)
    texts = read.evaluate(VISIBLE_TEXTS)
    assert texts[:2] == ["나", "경주 여행"]
    assert texts[-3:] == ["고마워", "서연", "언제든요."]
    for words in ("복사", "고치기", "새 대화", "설정", "보내기", "쓰다 만 글"):
        assert words not in texts
    assert not read.locator("button:visible, textarea:visible").all()
    colours = read.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
          ...[...document.querySelectorAll(".bubble, .prose p")].map((node) =>
            getComputedStyle(node).color)]"""
    )
    assert colours[0] == "rgb(255, 255, 255)"
    assert set(colours[1:]) <= {"rgb(0, 0, 0)", "rgb(68, 68, 68)"}  # a quotation is grey
    links = read.locator(".prose a")
    addresses = links.evaluate_all(
        "nodes => nodes.map((node) => getComputedStyle(node, '::after').content)"
    )
    assert len(addresses) == 3
    assert "none" not in addresses


def test_a_long_conversation_takes_as_many_sheets_as_it_needs(page: Page, site: Site) -> None:
    site.history.turns = [stored_turn("길게", "\n\n".join(["긴 문단이에요. " * 40] * 60))]
    page.add_init_script(f"localStorage.setItem('seoyeon.secret', '{'A' * 43}')")
    Backend(page)
    page.goto(site.url)
    expect(page.locator(".prose p")).to_have_count(60)
    sheets = page.pdf(format="A4").count(b"/Type /Page\n")
    assert sheets > 5


def test_text_selected_by_hand_is_copied_without_the_labels_of_buttons(read: Page) -> None:
    read.evaluate("getSelection().selectAllChildren(document.getElementById('turns'))")
    read.locator("#transcript").press("Control+c")
    copied: str = read.evaluate("navigator.clipboard.readText()")
    assert "천년의 역사(新羅)" in copied
    assert 'return "**코드 안은 그대로**"' in copied
    assert "고마워" in copied
    for words in ("복사", "고치기", "python"):
        assert words not in copied


def test_chromium_can_install_the_page(chat: Page) -> None:
    devtools = chat.context.new_cdp_session(chat)
    manifest: dict[str, Any] = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    told = json.loads(manifest["data"])
    assert told["name"] == "서연"
    assert told["lang"] == "ko"
    assert told["start_url"] == "/"
    found = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    if not found:
        pytest.skip("a headless shell does not judge manifests")
    assert [error["errorId"] for error in found] == ["in-incognito"]


def test_the_icons_are_as_large_as_the_manifest_says() -> None:
    icons = json.loads((HTML / "manifest.webmanifest").read_text())["icons"]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    for icon in icons:
        body = (HTML / icon["src"]).read_bytes()
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", body[16:24])
            assert icon["sizes"] == f"{width}x{height}"
        else:
            assert body == (HTML / "icon.svg").read_bytes()
    touch = (HTML / "icons/apple-touch.png").read_bytes()
    assert struct.unpack(">II", touch[16:24]) == (180, 180)
    assert touch[25] == 2, "iOS paints what is transparent black"

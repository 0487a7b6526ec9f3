"""What holds for the page as a whole: weight, safety, accessibility, layout."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from chat_ws.errors import ChatError
from playwright.sync_api import Page, Route, expect

from cdk.assets.page import HTML
from tests.browser.backend import Backend, Complaints, wait_until
from tests.browser.site import CONTENT_SECURITY_POLICY, SECURITY_HEADERS, Site, stored_turn
from tests.browser.test_chat import ask, open_details

ROOT = HTML.parent
KILOBYTE = 1024


def weigh(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def modules(start: Path = HTML / "js/app.js") -> set[Path]:
    """A module and everything that it imports, now or later, directly or not."""
    found: set[Path] = set()
    todo = [start]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        if path.parent.name == "vendor":
            continue
        imports = re.findall(r'(?:^import .*?|import\()"(\.[^"]+)"', path.read_text(), re.MULTILINE)
        todo += [(path.parent / name).resolve() for name in imports]
    return found


def first_load(site: Site, suffix: str) -> list[Path]:
    """The published files of this suffix that the markup names."""
    markup = re.sub(r"<link[^>]* disabled>", "", (site.page / "index.html").read_text())
    return [site.page / name for name in re.findall(rf'"/(assets/[^"]+\.{suffix})"', markup)]


def test_the_first_load_is_light(site: Site) -> None:
    scripts = first_load(site, "js")
    assert scripts
    assert weigh(scripts) <= 32 * KILOBYTE
    sheet, print_sheet = first_load(site, "css")
    assert print_sheet.name.startswith("print-")  # it delays no paint
    assert weigh([sheet]) <= 8 * KILOBYTE


def test_the_markup_names_every_script_of_the_first_load(
    chat: Page, site: Site, backend: Backend
) -> None:
    loaded = chat.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)"
    )
    named = {f"/assets/{path.name}" for path in first_load(site, "js")}
    assert {name for name in loaded if name.endswith(".js")} == named


@pytest.mark.usefixtures("returning")
def test_the_scripts_of_a_returning_guest_are_light(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("경주", "**좋아요.**")]
    page.goto(site.url)
    expect(page.locator(".prose strong")).to_be_visible()
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)"
    )
    scripts = {name for name in loaded if name.endswith(".js")}
    assert weigh([site.page / name.removeprefix("/") for name in scripts]) <= 52 * KILOBYTE


def test_an_answer_is_plain_text_until_the_renderer_is_loaded(chat: Page, backend: Backend) -> None:
    held: list[Route] = []
    chat.route("**/assets/stream-*.js", lambda route: held.append(route))
    ask(chat, "안녕")
    request_id = backend.wait_frame("chat")["request_id"]
    backend.accept(request_id)
    backend.delta(request_id, 1, "**안녕**하세요")
    expect(chat.locator(".prose")).to_have_text("**안녕**하세요")
    held[0].continue_()
    expect(chat.locator(".prose strong")).to_have_text("안녕")
    expect(chat.locator(".prose")).to_have_text("안녕하세요")


def test_config_json_is_requested_once_and_beside_the_script(chat: Page) -> None:
    initiators = chat.evaluate(
        """() => performance.getEntriesByName(`${location.origin}/config.json`)
          .map(({ initiatorType }) => initiatorType)"""
    )
    assert initiators == ["link"]


@pytest.mark.usefixtures("returning")
def test_the_history_of_a_returning_guest_waits_for_neither_script_nor_config_json(
    page: Page, site: Site, backend: Backend
) -> None:
    site.history.turns = [stored_turn("경주", "좋아요.")]
    held: list[Route] = []
    for path in ("**/config.json", "**/assets/app-*.js"):
        page.route(path, lambda route: held.append(route))
    page.goto(site.url, wait_until="commit")
    wait_until(page, lambda: len(site.history.requests) == len(held) == 2)
    for route in held:
        route.continue_()
    expect(page.locator(".prose")).to_have_text("좋아요.")
    expect(page.locator("#conversations .row-open")).to_have_text("경주")
    first = sorted(path for _, path, _ in site.history.requests[:2])
    assert first == ["/history", "/history/conversations"]
    wait_until(page, lambda: len(site.history.requests) == 4)
    later = {path.rpartition("/")[2] for _, path, _ in site.history.requests[2:]}
    assert later == {"documents", "instructions"}


def test_every_module_is_used() -> None:
    assert modules() | modules(HTML / "js/shared.js") == {
        *HTML.glob("js/**/*.js"),
        *HTML.glob("vendor/*.js"),
    }


def test_the_page_knows_the_codes_of_the_server() -> None:
    errors = {error.code: error.retryable for error in ChatError.__subclasses__()}
    protocol = (HTML / "js/protocol.js").read_text()
    (retryable,) = re.findall(r"RETRYABLE_CODES = new Set\(\[(.*?)\]\)", protocol)
    assert set(re.findall(r'"(\w+)"', retryable)) == {code for code in errors if errors[code]}
    (failed,) = re.findall(
        r"failed: \{\n(.*?)\n  \}", (HTML / "js/text/ko.js").read_text(), re.DOTALL
    )
    assert set(re.findall(r"^ +(\w+):", failed, re.MULTILINE)) == set(errors)


def test_the_markup_says_its_words_in_korean() -> None:
    markup = (HTML / "index.html").read_text()
    texts = re.findall(r'data-text="\w+"[^>]*>([^<]*)<', markup)
    labels = re.findall(
        r'data-(?:label|placeholder)="\w+" (?:aria-label|placeholder)="([^"]*)"', markup
    )
    assert len(texts + labels) == len(re.findall(r"data-(?:text|label|placeholder)=", markup))
    assert all(re.search(r"[가-힣]", words) for words in texts + labels)


@pytest.mark.parametrize(
    ("library", "script", "licence"),
    [
        ("marked", "lib/marked.esm.js", "LICENSE"),
        ("lean-qr", "index.mjs", "LICENSE"),
        ("diff", "libesm/diff/base.js", "LICENSE"),
        ("temml", "dist/temml.mjs", "LICENSE"),
        ("character-entities", "index.js", "license"),
    ],
)
def test_a_vendored_library_is_the_pinned_one(library: str, script: str, licence: str) -> None:
    origin = pinned(library)
    vendored = HTML / "vendor"
    assert (vendored / f"{library}.js").read_bytes() == (origin / script).read_bytes()
    assert (vendored / f"{library}.LICENSE").read_bytes() == (origin / licence).read_bytes()


def test_the_vendored_prism_is_the_pinned_core_and_languages() -> None:
    origin = pinned("prismjs")
    first, *lines, last = (HTML / "vendor/prismjs.js").read_text().splitlines(keepends=True)
    assert (first, last) == ("const window = {}, module = {};\n", "export default Prism;\n")
    names = re.findall(r"^PRISM := (.*?[^\\])\n", (ROOT / "Makefile").read_text(), re.M | re.S)
    components = names[0].replace("\\\n", " ").split()
    files = [origin / f"components/prism-{name}.js" for name in components]
    assert "".join(lines) == "".join(path.read_text() for path in files)
    licence = (HTML / "vendor/prismjs.LICENSE").read_bytes()
    assert licence == (origin / "LICENSE").read_bytes()


def pinned(library: str) -> Path:
    """Return the folder of an installed library, which has the pinned version."""
    origin = ROOT / "node_modules" / library
    version = json.loads((ROOT / "package.json").read_text())["devDependencies"][library]
    assert json.loads((origin / "package.json").read_text())["version"] == version
    return origin


def test_every_vendored_file_has_its_checksum() -> None:
    lines = (HTML / "vendor/SHA256SUMS").read_text().splitlines()
    sums = {name: checksum for checksum, name in (line.split() for line in lines)}
    vendored = (path for path in (HTML / "vendor").glob("*.*") if path.suffix != ".ts")
    files = {path.name: path.read_bytes() for path in vendored}
    assert sums == {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}


def test_no_html_string_and_no_inline_code_exists() -> None:
    ours = [path for path in modules() if path.parent.name != "vendor"]
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|srcdoc"
    assert [path.name for path in ours if re.search(sinks, path.read_text())] == []
    markup = (HTML / "index.html").read_text()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! type=\"module\" src=)", markup)


def test_the_test_server_sends_the_strict_policy(
    page: Page, site: Site, backend: Backend, complaints: Complaints
) -> None:
    complaints.expect("TrustedHTML")
    response = page.goto(site.url)
    assert response is not None
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    sent = {name: response.headers[name.lower()] for name in SECURITY_HEADERS}
    assert sent == SECURITY_HEADERS
    blocked = page.evaluate(
        "() => { try { document.body.innerHTML = '<b>'; return false } catch { return true } }"
    )
    assert blocked


def test_a_welcome_is_read_from_its_beginning_on_a_small_screen(chat: Page) -> None:
    chat.set_viewport_size({"width": 320, "height": 480})
    chat.reload()
    expect(chat.get_by_role("heading", name="안녕하세요")).to_be_in_viewport()


def test_the_drawer_opens_and_closes_by_keyboard(chat: Page) -> None:
    chat.set_viewport_size({"width": 390, "height": 844})
    sidebar = chat.locator("#sidebar")
    menu = chat.get_by_role("button", name="대화 목록 열기")
    expect(sidebar).to_be_hidden()
    menu.press("Enter")
    expect(sidebar).to_be_visible()
    chat.keyboard.press("Tab")
    expect(chat.get_by_role("button", name="대화 목록 닫기")).to_be_focused()
    chat.keyboard.press("Escape")
    expect(sidebar).to_be_hidden()
    expect(menu).to_be_focused()


@pytest.mark.usefixtures("returning")
def test_a_page_in_english_says_everything_in_english(
    page: Page, site: Site, backend: Backend
) -> None:
    page.add_init_script("localStorage.setItem('seoyeon.language', 'en')")
    site.history.turns = [stored_turn("Hello", "Hi.")]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("Hi.")
    assert page.locator("html").get_attribute("lang") == "en"
    assert not re.search(r"[가-힣]", page.locator("body").inner_text())


def test_a_zoomed_page_leaves_room_for_the_answer(chat: Page, backend: Backend) -> None:
    chat.set_viewport_size({"width": 320, "height": 256})  # 1280 x 1024 at 400 %
    ask(chat, "경주")
    backend.answer("좋아요. " * 100)
    box = chat.locator("#transcript").bounding_box()
    assert box is not None
    assert box["height"] >= 110
    for name in ("보내기", "대화 목록 열기"):
        expect(chat.get_by_role("button", name=name)).to_be_in_viewport()
    expect(chat.locator("#question")).to_be_in_viewport()


@pytest.mark.usefixtures("returning")
def test_forced_colours_keep_the_shape_of_what_is_chosen(
    page: Page, site: Site, backend: Backend
) -> None:
    page.emulate_media(forced_colors="active")
    site.history.turns = [stored_turn("경주", "좋아요.")]
    page.goto(site.url)
    expect(page.locator(".bubble")).to_have_css("border-style", "solid")
    for chosen in ("#conversations li", ".modes :checked + span"):
        expect(page.locator(chosen)).to_have_css("outline-style", "solid")


def test_a_shared_address_has_a_name_and_a_description() -> None:
    markup = (HTML / "index.html").read_text()
    described = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]+)">', markup))
    assert {"title", "description", "type", "locale", "site_name"} <= described.keys()


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_file_is_refused_in_words_by_functions_without_documents(
    page: Page, site: Site, backend: Backend, way: str
) -> None:
    site.config = {"features": ["mode.chat"]}
    page.goto(site.url)
    expect(page.locator("#welcome")).to_be_visible()
    page.locator("#question").fill("쓰던 글")
    prevented = page.evaluate(
        """(way) => {
          const data = new DataTransfer();
          data.items.add(new File(["x"], "사진.png", { type: "image/png" }));
          const field = document.querySelector("#question");
          const send = (type) => {
            const Kind = type === "paste" ? ClipboardEvent : DragEvent;
            const content = { dataTransfer: data, clipboardData: data };
            const event = new Kind(type, { bubbles: true, cancelable: true, ...content });
            return !field.dispatchEvent(event);
          };
          return way === "drop" ? send("dragover") && send("drop") : send("paste");
        }""",
        way,
    )
    assert prevented
    expect(page.locator("#alert")).to_contain_text("사진과 파일은 아직 읽지 못해요.")
    expect(page.locator("#question")).to_have_value("쓰던 글")


def test_a_mode_that_the_functions_do_not_have_is_not_offered(
    page: Page, site: Site, backend: Backend
) -> None:
    page.add_init_script("localStorage.setItem('seoyeon.mode', 'grammar')")
    site.config = {"features": ["mode.chat", "mode.translate"]}
    page.goto(site.url)
    expect(page.get_by_role("radio")).to_have_count(2)
    examples = page.locator("#examples").get_by_role("button")
    for _ in range(3):
        expect(examples.filter(has_text="글 다듬기")).to_have_count(0)
        page.get_by_role("button", name="다른 예 보기").click()
    ask(page, "안녕")
    assert backend.wait_frame("chat")["mode"] == "chat"


@pytest.mark.usefixtures("returning")
def test_turns_of_newer_functions_are_shown(page: Page, site: Site, backend: Backend) -> None:
    later = {"mode": "summary", "stop_reason": "tired", "of_a_later_version": {"text": 1}}
    site.history.turns = [stored_turn("요약해 줘", "네.", **later)]
    page.goto(site.url)
    expect(page.locator(".prose")).to_have_text("네.")
    open_details(page)
    expect(page.locator("article")).to_contain_text("알 수 없음")

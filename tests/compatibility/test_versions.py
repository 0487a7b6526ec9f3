"""The page of one version with the functions of another one, on the real stack.

previous.tar.gz has the page and the functions of the previous version; `make previous` writes it.
An archive needs no history, which a shallow clone and a release do not have.
"""

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocket, expect

from cdk.assets.functions import CACHE
from cdk.assets.page import build_page
from tests.browser.backend import Complaints, wait_until
from tests.browser.test_chat import ask
from tests.conftest import WAIT_MS
from tests.stack import ROOT, Stack

PREVIOUS = Path(__file__).with_name("previous.tar.gz")
Frame = dict[str, Any]


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with html/ and lambda-*/ of the previous version."""
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(PREVIOUS) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Visit:
    """A guest's tab, and the frames on its WebSockets in both directions."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[Frame] = []
        self.received: list[Frame] = []
        page.on("websocket", self._listen)

    def converse(self, stack: Stack) -> None:
        """Use every frame and every operation of the history API but the deletion of all."""
        page, answers = self.page, self.page.locator(".prose")
        stack.bedrock.plan(
            {"answer": "어디로 떠나고", "stop_reason": "length"},
            {"answer": "어디로 떠나고 싶으세요?"},
            {"answer": "I will be late."},
            {"answer": "옛날 옛적에 " * 200},
        )
        page.goto(stack.url)
        ask(page, "여행하고 싶다")
        page.get_by_role("button", name="이어서 쓰기").click()
        expect(answers).to_have_text(["어디로 떠나고 싶으세요?"])
        page.get_by_role("radio", name="번역").check()
        ask(page, "늦을 거예요.")
        expect(answers.last).to_have_text("I will be late.")
        page.get_by_role("radio", name="대화").check()
        ask(page, "긴 이야기")
        expect(answers.last).to_contain_text("옛날 옛적에")
        page.reload()  # resumes the answer
        wait_until(page, lambda: bool(self.frames("resume")))
        page.get_by_role("button", name="답변 멈추기").click()
        expect(page.get_by_text("여기서 멈췄어요.")).to_be_visible()

        page.get_by_role("button", name="‘여행하고 싶다’ 이름 바꾸기").click()
        expect(page.locator("#conversations input")).to_be_focused()
        page.keyboard.type("경주")
        page.keyboard.press("Enter")
        row = page.locator("#conversations .row-open")
        expect(row).to_have_text("경주")
        page.reload()
        expect(answers.first).to_have_text("어디로 떠나고 싶으세요?")
        expect(row).to_have_text("경주")
        with page.expect_response(lambda response: response.request.method == "DELETE"):
            page.get_by_role("button", name="‘경주’ 대화 삭제").click()
            page.locator("#question").hover()
        page.reload()
        expect(page.locator("#welcome")).to_be_visible()

        assert [frame for frame in self.received if frame["type"] == "failed"] == []
        assert {frame["action"] for frame in self.sent} >= {"chat", "continue", "resume", "stop"}

    def frames(self, action: str) -> list[Frame]:
        return [frame for frame in self.sent if frame["action"] == action]

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda text: self.sent.append(json.loads(text)))
        socket.on("framereceived", lambda text: self.received.append(json.loads(text)))


@contextmanager
def visit(browser: Browser) -> Iterator[Visit]:
    """Open a tab; at the end, its console has no error, such as a refused request."""
    context = browser.new_context(
        locale="ko-KR",
        reduced_motion="reduce",
        service_workers="block",  # it would request /config.json past the route
        # For Chromium, a document that a route has fulfilled does not come from this machine.
        permissions=["local-network-access"],
    )
    context.set_default_timeout(WAIT_MS)
    complaints = Complaints(context)
    yield Visit(context.new_page())
    context.close()
    assert complaints.left == []


@pytest.fixture
def older_functions(previous: Path, tmp_path: Path) -> Iterator[Stack]:
    """A stack of the present sources, with the functions of the previous version."""
    root = tmp_path / "sources"
    root.mkdir()
    for name in ("cdk", "seoyeon", "html"):
        shutil.copytree(ROOT / name, root / name)
    for folder in previous.glob("lambda-*"):
        shutil.copytree(folder, root / folder.name)
    for name in ("app.py", "package-lock.json", "requirements.txt"):
        shutil.copy(ROOT / name, root)
    settings = json.loads((ROOT / "cdk.json").read_text())
    settings["context"]["documents"] = False  # the previous version has no reader
    (root / "cdk.json").write_text(json.dumps(settings))
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    # Functions that were bundled before are not bundled again.
    (root / "cdk.out").mkdir()
    (root / CACHE.relative_to(ROOT)).symlink_to(CACHE)
    stack = Stack(tmp_path / "state", root)
    stack.start()
    yield stack
    stack.stop()


@pytest.mark.xdist_group("compatibility")  # starts a second stack
def test_this_page_works_with_the_previous_functions(
    browser: Browser, older_functions: Stack
) -> None:
    with visit(browser) as visitor:
        visitor.page.route("**/config.json", without_features)
        visitor.converse(older_functions)
    assert all(frame.keys() == {"action", "request_id"} for frame in visitor.frames("continue"))


def without_features(route: Route) -> None:
    """Answer with the config.json of the previous version, which has no list of features."""
    config = route.fetch().json()
    del config["features"]
    route.fulfill(json=config)


def test_the_previous_page_works_with_these_functions(
    browser: Browser, stack: Stack, previous: Path, tmp_path: Path
) -> None:
    built = tmp_path / "built"
    build_page(built, previous / "html")

    def serve(route: Route) -> None:
        name = route.request.url.removeprefix(stack.url).strip("/") or "index.html"
        if (built / name).is_file():
            route.fulfill(path=built / name)
        else:
            route.fallback()

    with visit(browser) as visitor:
        visitor.page.route("**/*", serve)
        visitor.converse(stack)
    stack.bedrock.reset()

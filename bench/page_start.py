"""The time until the page is usable on a slow mobile network: this version and another one.

Run: `python -m bench.page_start [COMMIT]`. The other version is that commit's html/; by default,
the previous version of the compatibility tests. Both are built alike and served over HTTP/2 with
the published cache headers. Chromium's network and processor are slowed down as DevTools' "Slow
4G" and an inexpensive phone are. The visitor is a guest with a conversation.
"""

import argparse
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from chat_ws.errors import MAX_QUESTION_CHARACTERS
from chat_ws.protocol import FEATURES
from playwright.sync_api import Browser, BrowserContext, StorageState, sync_playwright
from rich.console import Console
from rich.table import Table

from bench.certificate import Certificate, write_certificate
from cdk.assets.functions import ROOT
from cdk.assets.page import HTML, build_page
from tests import browsers

PREVIOUS = ROOT / "tests" / "compatibility" / "previous.tar.gz"
NODE = Path(sys.prefix) / "bin" / "node"
SERVER = Path(__file__).with_name("page_server.js")
THIS = "this version"
ROUNDS = 5
SLOWER = 4  # times, by the DevTools protocol
SLOW_4G = {
    "offline": False,
    "latency": 562.5,  # ms of each request
    "downloadThroughput": 180_000,  # bytes a second
    "uploadThroughput": 84_375,
}
CONFIG = {
    "websocket_url": "/ws",
    "auth": "guest",
    "max_text_length": MAX_QUESTION_CHARACTERS,
    "features": list(FEATURES),
}
CONVERSATION = "5b1c9e7e-2f64-4a57-8a0c-9e1d2c3b4a5f"
TIME = "2026-11-22T03:04:05.678Z"
TURNS = [
    {
        "request_id": f"0d5f3a52-7e0b-4c1e-9d8a-{number:012}",
        "conversation_id": CONVERSATION,
        "mode": "chat",
        "text": "경주에서 무엇을 볼까?",
        "answer": "**불국사**와 대릉원을 먼저 보세요. " * 10,
        "status": "done",
        "stop_reason": "stop",
        "code": None,
        "usage": {"prompt_tokens": 97, "completion_tokens": 11, "total_tokens": 108},
        "model_id": "meta.llama3-70b-instruct-v1:0",
        "run": 1,
        "created_at": TIME,
    }
    for number in range(10)
]
ROW = {
    "conversation_id": CONVERSATION,
    "title": "경주",
    "created_at": TIME,
    "last_activity_at": TIME,
}
# Milliseconds since the navigation began at which a state of the page was first seen.
MARK = """
window.marks = {};
new MutationObserver(() => {
  const now = performance.now();
  if (document.querySelector("#alert") && !document.querySelector("[inert]")) marks.usable ??= now;
  if (document.querySelector(".prose")) marks.conversation ??= now;
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
READ = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  ...marks,
})"""
STATES = {"paint": "first paint", "usable": "usable", "conversation": "conversation shown"}
VISITS = ("cold", "warm")
Times = dict[tuple[str, str], float]  # (visit, state) → milliseconds


def build(html: Path, folder: Path) -> Path:
    """Build a page into `folder`, with its config.json and the answers of the history API."""
    build_page(folder, html)
    (folder / "history").mkdir()
    for name, content in {
        "config": CONFIG,
        "history": {"turns": TURNS, "next_cursor": None},
        "history/conversations": {"conversations": [ROW], "next_cursor": None},
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def extract(commit: str | None, folder: Path) -> Path:
    """Return the html/ of a commit, or of the previous version."""
    archive = (
        subprocess.run(  # noqa: S603 (no shell)
            ["git", "archive", commit, HTML.name],  # noqa: S607 (the user's git)
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        if commit
        else PREVIOUS.read_bytes()
    )
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder / HTML.name


@contextmanager
def serve(page: Path, certificate: Certificate) -> Iterator[str]:
    """Serve a built page, and yield its URL."""
    command = [NODE, SERVER, page, certificate.key, certificate.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 (no shell)
        (port,) = islice(server.stdout or (), 1)
        yield f"https://127.0.0.1:{port.strip()}"
        server.terminate()


def visit(context: BrowserContext, url: str) -> dict[str, float]:
    """Open the page in a tab, and return the milliseconds until each of STATES."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url)
    page.locator(".prose").first.wait_for()
    times: dict[str, float] = page.evaluate(READ)
    page.close()
    return times


def measure(browser: Browser, url: str) -> Times:
    """Visit with an empty cache, then with a filled one."""
    guest: StorageState = {
        "origins": [
            {"origin": url, "localStorage": [{"name": "seoyeon.secret", "value": "A" * 43}]}
        ]
    }
    context = browser.new_context(storage_state=guest)
    context.add_init_script(MARK)
    found = {name: visit(context, url) for name in VISITS}
    context.close()
    return {(name, state): found[name][state] for name in VISITS for state in STATES}


def compare(urls: dict[str, str], spki: str) -> dict[str, Times]:
    """Return the medians of interleaved rounds."""
    rounds: dict[str, list[Times]] = {name: [] for name in urls}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            **(browsers.find(playwright.chromium) or {}),
            # With all errors of certificates ignored, Chromium would cache nothing.
            args=[*browsers.arguments(), f"--ignore-certificate-errors-spki-list={spki}"],
        )
        for _ in range(ROUNDS):
            for name, url in urls.items():
                rounds[name].append(measure(browser, url))
        browser.close()
    return {
        name: {key: median(times[key] for times in found) for key in found[0]}
        for name, found in rounds.items()
    }


def table(other: str, results: dict[str, Times]) -> Table:
    shown = Table("cache", "until", title=f"Start of the page on slow 4G, {SLOWER}x CPU throttle")
    shown.caption = f"ms, medians of {ROUNDS}; ratio: this version / the other one"
    for head in (other, THIS, "ratio"):
        shown.add_column(head, justify="right")
    for name in VISITS:
        for state, label in STATES.items():
            before, after = results[other][name, state], results[THIS][name, state]
            shown.add_row(name, label, f"{before:.0f}", f"{after:.0f}", f"{after / before:.2f}")
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.page_start")
    parser.add_argument("commit", nargs="?", help="the other version")
    commit = parser.parse_args().commit
    other = commit or "previous version"
    console = Console()
    with ExitStack() as stack, console.status("Opening the page ..."):
        folder = Path(stack.enter_context(TemporaryDirectory()))
        pages = {
            other: build(extract(commit, folder), folder / "other"),
            THIS: build(HTML, folder / "this"),
        }
        certificate = write_certificate(folder)
        urls = {name: stack.enter_context(serve(page, certificate)) for name, page in pages.items()}
        results = compare(urls, certificate.spki)
    console.print(table(other, results))


if __name__ == "__main__":
    main()

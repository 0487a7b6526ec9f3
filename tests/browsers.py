"""The browser and the Korean font of the browser tests: found, or installed.

`make test` runs this module before pytest, so that a missing browser is reported before any test.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, TypedDict

from playwright.sync_api import BrowserType, Error, sync_playwright

Command = Sequence[str]
Which = Callable[[str], str | None]

SHELL = "chromium-headless-shell"  # needs half the CPU time of a whole Chromium
CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
PLAYWRIGHT = (sys.executable, "-m", "playwright")
APT_UPDATE = ("apt-get", "update", "-qq")
APT_INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")


class Launch(TypedDict, total=False):
    """Arguments of Playwright's `launch`; without any, it starts its own headless shell."""

    executable_path: str
    channel: str


class Need(NamedTuple):
    """Something that the browser tests need, the ways to install it, and the last resort."""

    is_met: Callable[[], bool]
    installers: list[Command]
    advice: str


def arguments() -> list[str]:
    """Return Chromium's command line; its sandbox does not start as root."""
    return [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else [*QUIET]


def candidates(chosen: str | None, which: Which, *, whole: bool = False) -> list[Launch]:
    """Return the browsers that may be here, best first; `chosen` is the value of $CHROMIUM.

    With `whole`, headless shells come last: they lack print preview, input methods and more.
    """
    if chosen:
        return [{"executable_path": chosen}]
    shells: list[Launch] = [{"executable_path": path} for path in filter(None, [which(SHELL)])]
    chromiums: list[Launch] = [
        {"executable_path": path} for path in filter(None, map(which, CHROMIUMS))
    ]
    if whole:
        return [*chromiums, {"channel": "chromium"}, *shells, {}]
    return [*shells, *chromiums, {}, {"channel": "chromium"}]


def find(chromium: BrowserType, *, whole: bool = False) -> Launch | None:
    """Return the first candidate that starts.

    A file alone proves little: Ubuntu's `chromium-browser` may only be a pointer to a snap, and
    Playwright's own browser may lack system libraries.
    """
    for launch in candidates(os.environ.get("CHROMIUM"), shutil.which, whole=whole):
        with suppress(Error):
            chromium.launch(**launch, args=arguments()).close()
            return launch
    return None


def browser_installers(has_apt: bool) -> list[Command]:
    """Return the commands that may install a browser, in the order in which to try them.

    Debian has both browsers as packages. Ubuntu has neither; there Playwright's own start once
    their libraries are installed.
    """
    download: Command = (*PLAYWRIGHT, "install", "chromium")
    packages: Command = (*APT_INSTALL, SHELL, "chromium")
    libraries: Command = (*PLAYWRIGHT, "install-deps", "chromium")
    return [download, *((APT_UPDATE, packages, libraries) if has_apt else ())]


def font_installers(has_apt: bool) -> list[Command]:
    return [APT_UPDATE, (*APT_INSTALL, "fontconfig", "fonts-noto-cjk")] if has_apt else []


def meet(need: Need, run: Callable[[Command], object]) -> bool:
    """Run installers until the need is met; return whether it is."""
    for command in need.installers:
        if need.is_met():
            return True
        run(command)
    return need.is_met()


def has_browser() -> bool:
    with sync_playwright() as playwright:
        return find(playwright.chromium) is not None


def has_korean_font() -> bool:
    """Return whether fontconfig knows a Korean font; macOS always has one."""
    if sys.platform == "darwin":
        return True
    fc_list = shutil.which("fc-list")
    if fc_list is None:
        return False
    listed = subprocess.run((fc_list, ":lang=ko"), capture_output=True, check=False)  # noqa: S603 (ours)
    return bool(listed.stdout)


def run_quietly(command: Command) -> None:
    """Run an installer; of its output, print only the error."""
    print("Trying", *command, flush=True)
    environment = {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "5000",  # ms
    }
    done = subprocess.run(  # noqa: S603 (our own commands)
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print("  failed:", reason(done.stdout), flush=True)


def reason(output: str) -> str:
    """Return the line of a failed command's output that names the error, or else the last one."""
    lines = output.strip().splitlines() or ["no output"]
    return next((line for line in lines if "Error: " in line or "E: " in line), lines[-1])


def needs(chosen: str | None, has_apt: bool) -> list[Need]:
    without = "or run the other tests with 'make test BROWSER=none'."
    if chosen:
        missing = (
            f"The browser that CHROMIUM names, {chosen}, does not start: correct it, {without}"
        )
    else:
        missing = f"The browser tests need Chromium or Chrome: install one, set CHROMIUM, {without}"
    font = f"The browser tests need a Korean font: install one (such as Noto Sans CJK), {without}"
    return [
        Need(has_browser, [] if chosen else browser_installers(has_apt), missing),
        Need(has_korean_font, font_installers(has_apt), font),
    ]


def main() -> None:
    has_apt = os.geteuid() == 0 and shutil.which("apt-get") is not None
    for need in needs(os.environ.get("CHROMIUM"), has_apt):
        if not meet(need, run_quietly):
            sys.exit(need.advice)


if __name__ == "__main__":
    main()

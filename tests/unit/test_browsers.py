"""Which browser the browser tests use, and how a machine without one gets it."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import browsers
from tests.browsers import Command, Launch, Need, candidates, meet

ROOT = Path(__file__).parents[2]
PLAYWRIGHTS_SHELL: Launch = {}
PLAYWRIGHTS_CHROMIUM: Launch = {"channel": "chromium"}
MACOS_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def machine_with(*names: str) -> Callable[[str], str | None]:
    """Return a `which` for a machine that has these programs."""
    return lambda name: f"/usr/bin/{name}".replace("/usr/bin//", "/") if name in names else None


def at(path: str) -> Launch:
    return {"executable_path": path}


def test_a_chosen_browser_is_the_only_candidate() -> None:
    which = machine_with("chromium-headless-shell", "chromium")
    assert candidates("/opt/chrome", which) == [at("/opt/chrome")]
    assert candidates("/opt/chrome", which, whole=True) == [at("/opt/chrome")]


def test_a_headless_shell_comes_before_a_chromium_before_playwright_s_own() -> None:
    which = machine_with("google-chrome", "chromium", "chromium-headless-shell")
    assert candidates(None, which) == [
        at("/usr/bin/chromium-headless-shell"),
        at("/usr/bin/chromium"),
        at("/usr/bin/google-chrome"),
        PLAYWRIGHTS_SHELL,
        PLAYWRIGHTS_CHROMIUM,
    ]


def test_a_headless_shell_comes_last_where_a_whole_browser_is_needed() -> None:
    which = machine_with("chromium-headless-shell", MACOS_CHROME)
    assert candidates("", which, whole=True) == [
        at(MACOS_CHROME),
        PLAYWRIGHTS_CHROMIUM,
        at("/usr/bin/chromium-headless-shell"),
        PLAYWRIGHTS_SHELL,
    ]


def test_nothing_is_run_where_the_need_is_met() -> None:
    ran: list[Command] = []
    assert meet(Need(lambda: True, browsers.browser_installers(has_apt=True), ""), ran.append)
    assert ran == []


def commands_until_met(by: int | None, installers: list[Command]) -> tuple[bool, list[Command]]:
    """Return whether the need is met and what ran; the installer number `by` meets it."""
    ran: list[Command] = []
    need = Need(lambda: by is not None and len(ran) > by, installers, "")
    return meet(need, ran.append), ran


def test_playwright_s_download_comes_first_and_is_enough_where_it_works() -> None:
    met, ran = commands_until_met(0, browsers.browser_installers(has_apt=True))
    assert met
    assert [command[1:] for command in ran] == [("-m", "playwright", "install", "chromium")]


def test_apt_follows_where_the_download_fails_and_then_its_libraries() -> None:
    met, ran = commands_until_met(None, browsers.browser_installers(has_apt=True))
    assert not met
    assert [command[0] for command in ran[1:3]] == ["apt-get", "apt-get"]
    assert ran[1][1] == "update"
    assert ran[2][-2:] == ("chromium-headless-shell", "chromium")
    assert ran[3][1:] == ("-m", "playwright", "install-deps", "chromium")


def test_apt_is_left_alone_where_it_is_missing_or_not_allowed() -> None:
    for installers in (browsers.browser_installers, browsers.font_installers):
        assert [command for command in installers(has_apt=False) if command[0] == "apt-get"] == []


def test_a_need_that_cannot_be_met_says_in_one_line_what_to_do() -> None:
    for chosen in (None, "/opt/chrome"):
        browser, font = browsers.needs(chosen, has_apt=False)
        for advice in (browser.advice, font.advice):
            assert "\n" not in advice
            assert "make test BROWSER=none" in advice
        assert (chosen or "install one") in browser.advice


def test_a_chosen_browser_is_not_replaced_by_another() -> None:
    browser, _ = browsers.needs("/opt/chrome", has_apt=True)
    assert browser.installers == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (
            "Downloading ...\nError: getaddrinfo ENOTFOUND\n    at emit (node:events)",
            "Error: getaddr",
        ),
        ("Reading lists ...\nE: Unable to locate package", "E: Unable"),
        ("one\ntwo\n", "two"),
        ("", "no output"),
    ],
)
def test_the_error_of_a_failed_installer_is_one_line(output: str, said: str) -> None:
    assert browsers.reason(output).startswith(said)
    assert "\n" not in browsers.reason(output)


@pytest.fixture
def dry_run(tmp_path: Path) -> Callable[[str], list[str]]:
    """Return what make would run on a machine where nothing is set up yet."""

    def run(target: str) -> list[str]:
        planned = subprocess.run(  # noqa: S603 (a constant command)
            ["/usr/bin/env", "make", "-n", *shlex.split(target)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},  # without the variables of a make that runs this test
            capture_output=True,
            text=True,
            check=True,
        )
        return planned.stdout.splitlines()

    shutil.copy(ROOT / "Makefile", tmp_path)
    locks = [path.name for path in ROOT.glob("requirements*.txt")]
    for name in (*locks, "package.json", "package-lock.json"):
        (tmp_path / name).touch()
    return run


def first(lines: list[str], part: str) -> int:
    return next(number for number, line in enumerate(lines) if part in line)


def test_make_test_sets_up_then_finds_a_browser_then_tests(
    dry_run: Callable[[str], list[str]],
) -> None:
    for target in ("test", "check"):
        lines = dry_run(target)
        steps = ["-m venv", "npm ci", "-m tests.browsers", "/pytest "]
        found = [first(lines, step) for step in steps]
        assert found == sorted(found)
        assert "not browser" not in lines[found[-1]]


def test_browser_none_neither_looks_for_a_browser_nor_runs_its_tests_and_says_so(
    dry_run: Callable[[str], list[str]],
) -> None:
    lines = dry_run("test BROWSER=none")
    assert [line for line in lines if "tests.browsers" in line] == []
    assert "not browser" in lines[first(lines, "/pytest ")]
    assert first(lines, "without the browser tests") < first(lines, "/pytest ")


def test_quick_needs_no_browser(dry_run: Callable[[str], list[str]]) -> None:
    assert [line for line in dry_run("quick") if "tests.browsers" in line] == []

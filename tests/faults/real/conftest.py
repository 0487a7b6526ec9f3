"""The whole stack with real processes, and the figures of its proofs."""

from collections.abc import Callable, Iterator

import pytest

from tests.builders import secret
from tests.seoyeon.local.bedrock.stage import Stage
from tests.stack import Stack

Note = Callable[[str, object], None]


@pytest.fixture
def model(stack: Stack) -> Iterator[Stage]:
    """The stack's scripted model, with nothing planned and nothing remembered."""
    stage = Stage(stack.bedrock.url)
    stage.reset()
    yield stage
    stage.reset()


@pytest.fixture
def token(request: pytest.FixtureRequest) -> str:
    """A guest's whom nobody else is in this run."""
    return secret(request.node.nodeid)


@pytest.fixture
def note(record_property: Note) -> Note:
    """Adds a row to the table of figures, which `make faults` ends with."""
    return lambda what, figure: record_property(what, str(figure))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.getoption("markexpr"):
        return
    terminalreporter.section("figures")
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call" and report.user_properties:
                scenario = report.nodeid.rpartition("::test_")[2].replace("_", " ")
                terminalreporter.write_line(f"{scenario} ({outcome} in {report.duration:.0f} s)")
                for what, figure in report.user_properties:
                    terminalreporter.write_line(f"    {what:<62}{figure}")

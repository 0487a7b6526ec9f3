"""Fixtures that more than one folder of tests uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole chat on this machine with a scripted model, started once for all tests."""
    folder: Path = tmp_path_factory.mktemp("stack")
    stack = Stack(folder / "state")
    stack.start()
    yield stack
    stack.stop()

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.faults.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with closing(World()) as world:
        yield world

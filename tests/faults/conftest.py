from collections.abc import Iterator

import pytest

from tests.faults.world import World, simulated


@pytest.fixture
def world() -> Iterator[World]:
    with simulated(World()) as world:
        yield world

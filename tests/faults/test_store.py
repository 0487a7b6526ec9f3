"""The in-memory table of the simulation, held to the store's contract."""

import pytest
from chat_ws.store.leases import Leases
from chat_ws.store.quota import Quota
from chat_ws.store.titles import Titles
from chat_ws.store.turns import Turns

from tests.builders import NOW
from tests.fakes import Clock
from tests.fakes_store import FakeTable, Items
from tests.store_contract import Store, StoreContract


@pytest.fixture
def store() -> Store:
    clock, items = Clock(NOW), Items()
    table = FakeTable.table(items)
    return Store(
        Turns(table, 90, clock),
        Leases(table, clock),
        clock,
        lambda: len(items.all),
        lambda limits: Turns(table, 90, clock, limits),
        Quota(table, clock=clock),
        Titles(table),
        lambda key: items.all.pop((key["pk"], key["sk"])),
    )


class TestFakeTable(StoreContract):
    """The contract on the in-memory table."""

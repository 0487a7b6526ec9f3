from dataclasses import fields

from chat_shared.turn import STORED_NAMES, Turn
from chat_ws.store.leases import Outcome


def test_an_outcome_has_only_attributes_of_a_turn_by_the_names_that_are_stored() -> None:
    names = {field.name for field in fields(Outcome)}
    assert names <= {field.name for field in fields(Turn)}
    assert not names & STORED_NAMES.keys()

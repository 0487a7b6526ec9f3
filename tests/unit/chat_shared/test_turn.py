from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from chat_shared import keys
from chat_shared.turn import COMPARED, Source, Turn, Usage
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import turn

COUNTS = st.integers(0, 10**9)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TURNS = st.builds(
    Turn,
    status=st.sampled_from(["streaming", "done", "failed"]),
    # In milliseconds, as they are stored.
    lease_until=st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000),
    usage=st.builds(Usage, COUNTS, COUNTS),
    passages=st.lists(TEXT).map(tuple),
    sources=st.lists(st.builds(Source, n=COUNTS, part=COUNTS)).map(tuple),
    **dict.fromkeys(("run", "seq", "resumes", "prompt_estimate", "expires_at"), COUNTS),
    **dict.fromkeys(("user_id", "conversation_id", "turn_id", "request_id"), st.text(min_size=1)),
    **dict.fromkeys(("mode", "question", "created_at", "answer", "connection_id"), TEXT),
    **dict.fromkeys(
        ("stop_reason", "code", "model", "model_id", "target_language"), TEXT | st.none()
    ),
)


def read(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item as boto3's resource reads it after a write."""
    serialize, deserialize = TypeSerializer().serialize, TypeDeserializer().deserialize
    return {name: deserialize(serialize(value)) for name, value in item.items()}


@given(TURNS)
def test_a_turn_is_read_as_it_was_stored(stored: Turn) -> None:
    assert Turn.from_item(read(stored.to_item())) == stored


@given(TURNS)
def test_an_item_has_the_key_of_its_turn(stored: Turn) -> None:
    item = stored.to_item()
    assert {"pk": item["pk"], "sk": item["sk"]} == stored.key
    assert stored.key == keys.turn(stored.user_id, stored.conversation_id, stored.turn_id)


def test_an_item_has_what_conditions_compare_and_no_other_default() -> None:
    item = turn().to_item()
    assert item.keys() == {
        *("pk", "sk", "user_id", "conversation_id", "request_id", "mode", "text", "created_at"),
        *COMPARED,
    }


def test_a_question_is_stored_as_text() -> None:
    """The name of the attribute in every table that is deployed."""
    assert turn(question="경주").to_item()["text"] == "경주"


def test_attributes_that_a_turn_does_not_know_are_ignored() -> None:
    item = turn().to_item() | {"of_a_later_version": 1}
    assert Turn.from_item(item) == turn()

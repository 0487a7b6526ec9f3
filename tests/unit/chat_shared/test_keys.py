from datetime import datetime

import pytest
from chat_shared import keys
from chat_shared.principal import Principal, Unauthorized
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import ALICE, BOB, CONVERSATION, NOW, REQUEST

SECONDS = st.floats(0, 4_000_000_000)


def test_the_keys_of_two_users_never_meet() -> None:
    for key in (keys.marker, keys.conversation):
        assert key(ALICE.user_id, REQUEST) != key(BOB.user_id, REQUEST)
    assert keys.turns(ALICE.user_id, CONVERSATION) != keys.turns(BOB.user_id, CONVERSATION)


@pytest.mark.parametrize(
    ("utc", "day"),
    [("2026-11-22T14:59:59", "2026-11-22"), ("2026-11-22T15:00:00", "2026-11-23")],
)
def test_a_day_begins_at_midnight_in_korea(utc: str, day: str) -> None:
    assert keys.day(datetime.fromisoformat(f"{utc}+00:00").timestamp()) == day


def test_the_kinds_of_items_share_no_partition() -> None:
    same = "1"
    partitions = {
        keys.turns(same, same),
        keys.marker(same, same)["pk"],
        keys.conversations(same),
        keys.messages(same, same)["pk"],
        keys.tokens(same)["pk"],
    }
    assert len(partitions) == 5


def test_a_timestamp_is_iso_8601_in_utc() -> None:
    assert keys.timestamp(NOW) == "2026-11-18T11:06:40.000Z"


@given(SECONDS, SECONDS)
def test_later_times_sort_later_as_text(one: float, other: float) -> None:
    earlier, later = sorted((one, other))
    assert keys.timestamp(earlier) <= keys.timestamp(later)
    assert len(keys.timestamp(earlier)) == len(keys.timestamp(later))


@given(SECONDS)
def test_turn_ids_of_one_moment_differ_and_begin_with_it(now: float) -> None:
    one, other = keys.new_turn_id(now), keys.new_turn_id(now)
    assert one != other
    assert one.startswith(keys.timestamp(now))


def test_the_principal_is_the_authorizer_s() -> None:
    assert Principal.from_context({"authorizer": {"user_id": "u"}}) == Principal("u")


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"user_id": "u"},
        {"authorizer": None},
        {"authorizer": {}},
        {"authorizer": {"user_id": ""}},
        {"authorizer": {"user_id": 1}},
        {"authorizer": {"principalId": "u"}},
    ],
)
def test_without_the_authorizer_s_word_there_is_no_principal(context: dict[str, object]) -> None:
    with pytest.raises(Unauthorized):
        Principal.from_context(context)

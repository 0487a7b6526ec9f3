import pytest
from history_api import cursor
from hypothesis import given
from hypothesis import strategies as st

POSITION = "2026-11-18T11:06:40.000Z-00000001"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_cursor_leads_back_to_its_position(position: str) -> None:
    assert cursor.decode("scope", cursor.encode("scope", position)) == position


def test_a_cursor_needs_no_escaping_in_a_query() -> None:
    assert set(cursor.encode("user/conversation", POSITION)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_a_cursor_of_another_scope_is_forged() -> None:
    with pytest.raises(cursor.InvalidCursor):
        cursor.decode("user/two", cursor.encode("user/one", POSITION))


@given(st.text(max_size=300))
def test_no_text_is_taken_for_a_cursor_or_breaks_the_reader(text: str) -> None:
    with pytest.raises(cursor.InvalidCursor):
        cursor.decode("scope", text)


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_garbled_cursor_is_forged(at: int, character: str) -> None:
    good = cursor.encode("scope", POSITION)
    at %= len(good)
    garbled = good[:at] + character + good[at + 1 :]
    if garbled != good:
        with pytest.raises(cursor.InvalidCursor):
            cursor.decode("scope", garbled)

"""DynamoDB's arithmetic (developer guide: item sizes, read and write request units)."""

from typing import Any

import pytest

from bench import capacity
from bench.capacity import Units


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({}, 0),
        ({"pk": {"S": "abc"}}, 2 + 3),
        ({"text": {"S": "가나"}}, 4 + 6),
        ({"run": {"N": "1"}}, 3 + 2),
        ({"until": {"N": "1790000000.123"}}, 5 + 8),
        ({"zero": {"N": "0"}}, 4 + 1),
        ({"pending": {"BOOL": True}}, 7 + 1),
        ({"code": {"NULL": True}}, 4 + 1),
        ({"usage": {"M": {"a": {"N": "7"}}}}, 5 + 3 + 1 + 2 + 1),
    ],
)
def test_an_item_is_its_names_and_values(item: Any, size: int) -> None:
    assert capacity.item_size(item) == size


def test_a_kind_of_value_that_was_never_weighed_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="SS"):
        capacity.item_size({"tags": {"SS": ["a"]}})


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1_024, 1), (1_025, 2), (4_096, 4)])
def test_a_write_unit_is_a_kilobyte_begun(size: int, units: int) -> None:
    assert capacity.write_units(size) == units


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, True, 1), (4_096, True, 1), (4_097, True, 2), (0, False, 0.5), (4_097, False, 1)],
)
def test_a_read_unit_is_four_kilobytes_and_half_of_one_when_it_may_be_stale(
    size: int, consistent: bool, units: float
) -> None:
    assert capacity.read_units(size, consistent=consistent) == units


def test_one_short_answer_is_weighed_write_by_write() -> None:
    """In a new conversation, all items below 1 KB: four items in a transaction at two units each,
    one for the index; then the lease, two renewals, the end, and the count of tokens. Read are the
    tokens of the day and the window."""
    use = capacity.measure([("안녕", "반가워요")], seconds=2.4, window=10)
    assert use.answer == Units(write=4 * 2 + 1 + 1 + 2 + 1 + 1, read=1 + 1)


def test_the_next_question_moves_the_conversation_in_the_index() -> None:
    """One unit more: its old place there is deleted."""
    one = capacity.measure([("안녕", "반가워요")], seconds=2.4, window=10)
    two = capacity.measure([("안녕", "반가워요")] * 2, seconds=2.4, window=10)
    assert two.answer.write * 2 == one.answer.write * 2 + 1


def test_longer_answers_cost_more_and_take_more_room() -> None:
    short = capacity.measure([("안녕", "가" * 100)], seconds=3, window=10)
    long = capacity.measure([("안녕", "가" * 2_000)], seconds=30, window=10)
    assert long.answer.write > short.answer.write + 27
    assert long.stored - short.stored == pytest.approx(1_900 * 3, abs=20)


def test_a_page_load_reads_the_list_and_the_newest_conversation() -> None:
    """The list may be stale (half a unit), the turns may not."""
    use = capacity.measure([("안녕", "반가워요")], seconds=0, window=10)
    assert use.visit == Units(write=0, read=0.5 + 1)

from collections.abc import Iterator
from itertools import pairwise

import pytest
from chat_ws.worker.bedrock import StreamBroken
from chat_ws.worker.surrogates import join_surrogates
from hypothesis import given
from hypothesis import strategies as st

HIGH, LOW, LONE = "\ud83d", "\ude00", "\ufffd"


@pytest.mark.parametrize(
    ("chunks", "joined"),
    [
        (["가", "나"], ["가", "나"]),
        ([f"가{HIGH}", f"{LOW}나"], ["가", "😀나"]),
        ([HIGH, LOW], ["😀"]),
        ([HIGH, "", LOW], ["😀"]),
        ([f"{HIGH}{LOW}"], ["😀"]),
        ([f"가{LOW}나"], [f"가{LONE}나"]),
        ([f"가{HIGH}", "나"], ["가", f"{LONE}나"]),
        ([HIGH, HIGH, LOW], [LONE, "😀"]),
        ([f"가{HIGH}"], ["가", LONE]),
        ([LOW], [LONE]),
        (["가", ""], ["가"]),
    ],
)
def test_pairs_are_joined_and_lone_surrogates_replaced(
    chunks: list[str], joined: list[str]
) -> None:
    assert list(join_surrogates(chunks)) == joined


def test_a_half_pair_before_an_error_is_left_to_the_next_call() -> None:
    def broken() -> Iterator[str]:
        yield f"가{HIGH}"
        raise StreamBroken

    pieces = join_surrogates(broken())
    assert next(pieces) == "가"
    with pytest.raises(StreamBroken):
        next(pieces)


units = st.text(st.characters(codec="utf-16") | st.sampled_from([HIGH, LOW, "😀"]))


@given(units, st.lists(st.integers(0, 40)))
def test_the_split_into_chunks_makes_no_difference(text: str, cuts: list[int]) -> None:
    at = sorted({0, *cuts, len(text)})
    chunks = [text[start:end] for start, end in pairwise(at)]
    joined = "".join(join_surrogates(chunks))
    assert joined == "".join(join_surrogates([text]))
    joined.encode()  # refuses surrogates


@given(st.text(st.characters(codec="utf-8")))
def test_text_without_surrogates_is_left_as_it_is(text: str) -> None:
    assert "".join(join_surrogates(text)) == text

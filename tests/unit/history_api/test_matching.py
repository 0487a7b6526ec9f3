import re
import unicodedata
from random import Random

import pytest
from history_api.matching import (
    SEPARATOR,
    Query,
    _fold_with_places,
    excerpt,
    fold,
    strip_signs,
    turn_text,
)
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(
    st.sampled_from("가각간서울여행ㅅㄱㄳㅏᄉ aAbİßﬁ①1\n　…*_`|-é")
    | st.characters(exclude_categories=["Cs"])
)
WORD = st.text(st.sampled_from("가서울여행abé1"), min_size=1, max_size=4)


def found(text: str, query: str) -> bool:
    return Query(query).matches(fold(text))


def marked(text: str, query: str) -> str:
    shown = excerpt(unicodedata.normalize("NFC", text), Query(query))
    assert shown
    return "".join(f"[{piece.text}]" if piece.match else piece.text for piece in shown.pieces)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("서울 여행", "서울여행"),
        ("서울여행", "서울 여행"),
        ("여행은 서울로", "서울 여행"),
        ("Python의 List", "python LIST"),
        ("전화 ０１０－１２３４", "010-1234"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("한글", unicodedata.normalize("NFD", "한글")),
        ("시원한 아이스 홍차", "ㅅㅇㅎ"),
        ("시원한 아이스 홍차", "ㅇㅇㅅ ㅎㅊ"),
        ("각시탈", "ㄳㅌ"),
        ("ㅋㅋㅋ 좋아요", "ㅋㅋ"),
        ("서울 여행", "서ㅇ"),
        ("Straße", "STRASSE"),
    ],
)
def test_a_text_is_found_however_it_is_typed(text: str, query: str) -> None:
    assert found(text, query)
    assert "[" in marked(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("music at home", "cat"),
        ("서울", "서울 여행"),
        ("까마귀", "ㄱㅁㄱ"),
        ("서울", "경주"),
        ("서울", "ㅅㅅ"),
        ("a.c", "abc"),
        ("abc", "a.c"),
    ],
)
def test_other_texts_are_not(text: str, query: str) -> None:
    assert not found(text, query)
    assert excerpt(text, Query(query)) is None


def test_a_query_without_words_is_false() -> None:
    assert not Query("  \n　")


def test_no_match_reaches_from_the_question_into_the_answer() -> None:
    assert not found(turn_text("서울", "여행"), "서울여행")
    assert found(turn_text("서울", "여행"), "여행 서울")
    assert SEPARATOR not in marked(turn_text("서울", "여행"), "여행 서울")


@given(st.lists(WORD, min_size=1, max_size=4), st.randoms(use_true_random=False), TEXT)
def test_words_are_found_in_any_order_and_spacing(
    words: list[str], random: Random, between: str
) -> None:
    text = f" {between} ".join(words)
    shuffled = random.sample(words, len(words))
    assert found(text, " ".join(shuffled))
    assert found(text.upper(), " ".join(shuffled))


@given(TEXT, WORD | st.text(st.sampled_from("ㄱㅅㅇㅎ"), min_size=1, max_size=3))
def test_an_excerpt_marks_what_matches_and_nothing_else(text: str, query: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    shown = excerpt(composed, Query(query))
    assert (shown is not None) == found(text, query)
    if shown:
        assert composed[shown.start]
        for piece in shown.pieces:
            assert not piece.match or found(piece.text, query)


@given(TEXT)
def test_places_are_of_the_same_folded_text(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    folded, places = _fold_with_places(composed)
    assert folded == fold(text)
    assert len(places) == len(folded)
    assert places == sorted(places)
    assert all(0 <= place < len(composed) for place in places)


def test_an_excerpt_shows_the_surroundings_of_each_word_on_one_line() -> None:
    text = f"{'가' * 100}\n서울 {'나' * 200} 여행 {'다' * 100}"
    shown = marked(text, "여행 서울")
    assert re.fullmatch(r"… 가{23} \[서울\] 나+… 나+ \[여행\] 다+…", shown)
    assert marked("경주와 서울과 경주", "경주") == "[경주]와 서울과 [경주]"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**경주**는 *좋은* `곳`", "경주는 좋은 곳"),
        ("__굵게__ _기울임_ ~~지움~~", "굵게 기울임 지움"),
        ("## 제목\n> 인용\n- 하나\n  * 둘", "제목\n인용\n하나\n둘"),
        ("[불국사](https://example.com/a) ![그림](a.png)", "불국사 그림"),
        ("| 곳 | 값 |\n|:--|--:|\n| 첨성대 | 3 |", " 곳 값 \n\n 첨성대 3 "),
        ("```python\nprint(user_id)\n```", "\nprint(user_id)\n"),
        ("2*3=6, user_id, a_b_c", "2*3=6, user_id, a_b_c"),
        ("C#과 3 > 2, 10-3", "C#과 3 > 2, 10-3"),
    ],
)
def test_signs_of_markdown_are_not_shown(markdown: str, text: str) -> None:
    assert strip_signs(markdown) == text


@given(TEXT, TEXT)
def test_any_turn_can_be_folded(question: str, answer: str) -> None:
    assert fold(turn_text(question, answer)).count(SEPARATOR) >= 1

import unicodedata

import pytest
from chat_ws.worker.retrieval import PREVIOUS_WEIGHT, rank
from hypothesis import given
from hypothesis import strategies as st

# Parts of an invented rule book.
RULES = [
    "제1조(목적) 이 규정은 별빛도서관 직원의 근무와 휴가에 필요한 사항을 정한다.",
    "제2조(근무 시간) 근무 시간은 오전 아홉 시부터 오후 여섯 시까지로 하고 점심은 한 시간이다.",
    "제3조(연차 휴가) 일 년을 근무한 직원에게는 열다섯 날의 연차휴가를 준다.",
    "제4조(병가) 아픈 직원은 진단서를 내고 한 해에 육십 일까지 병가를 쓸 수 있다.",
    "제5조(출장비) 출장 여비는 다녀온 뒤 일주일 안에 영수증과 함께 청구한다.",
    "제6조(개인정보) 이용자의 개인정보는 대출이 끝나면 서른 날 안에 지운다.",
    "제7조(비밀번호) 업무 시스템의 비밀번호는 석 달마다 바꾸고 남에게 알리지 않는다.",
    "부칙 이 규정은 공포한 날부터 시행한다. Wi-Fi 이름은 STARLIGHT입니다.",
]


@pytest.mark.parametrize(
    ("question", "at"),
    [
        ("연차는 며칠이에요?", 2),
        ("연차휴가를 얼마나 쓸 수 있나요", 2),
        ("연차 휴가는요?", 2),  # spacing differs from the text's
        ("아파서 쉬려면 진단서가 필요한가요?", 3),
        ("출장비를 언제까지 청구하나요?", 4),
        ("출장 비는 어떻게 받아요", 4),
        ("이용자 개인 정보는 언제 지워요?", 5),
        ("비밀 번호를 얼마나 자주 바꿔야 해요?", 6),
        ("점심시간은 얼마나 되나요?", 1),
        ("와이파이(wi-fi) 이름이 starlight인가요?", 7),
    ],
)
def test_the_best_match_is_found_whatever_particles_and_spaces(question: str, at: int) -> None:
    assert rank(question, "", RULES)[0] == at
    assert rank(unicodedata.normalize("NFD", question), "", RULES)[0] == at


def test_a_follow_up_is_understood_by_the_question_before_it() -> None:
    assert rank("그럼 며칠까지요?", "병가를 내려고 해요", RULES)[0] == 3
    assert rank("출장비는요?", "병가를 내려고 해요", RULES)[0] == 4
    assert 0 < PREVIOUS_WEIGHT < 1


def test_without_a_match_the_order_stays() -> None:
    for question in ("", "?", "xyzzy"):
        assert rank(question, "", RULES) == list(range(len(RULES)))
    assert rank("휴가", "", []) == []


def test_equal_matches_stand_in_the_order_of_the_document() -> None:
    assert rank("휴가", "", ["휴가", "병가", "휴가", "휴가"]) == [0, 2, 3, 1]


@given(st.text(), st.text(), st.lists(st.text()))
def test_each_text_has_one_place(question: str, previous: str, texts: list[str]) -> None:
    assert sorted(rank(question, previous, texts)) == list(range(len(texts)))

import pytest
from chat_ws.worker.prompt import build
from chat_ws.worker.title import EXCERPT_LENGTH, MAX_TITLE_LENGTH, clean, describe
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("경주 여행 일정", "경주 여행 일정"),
        ("  경주   여행\t일정 \n", "경주 여행 일정"),
        ("경주 여행\n\n이 제목은 여행 계획을 나타냅니다.", "경주 여행"),
        ("\n\n경주 여행", "경주 여행"),
        ("제목: 경주 여행", "경주 여행"),
        ("제목 : 경주 여행", "경주 여행"),
        ("대화 제목：경주 여행", "경주 여행"),
        ("대화의 제목: 경주 여행", "경주 여행"),
        ("Title: 경주 여행", "경주 여행"),
        ("제목:\n경주 여행", "경주 여행"),
        ("다음은 대화의 제목입니다:\n\n경주 여행", "경주 여행"),
        ("이 대화의 제목은 '경주 여행'입니다.", "경주 여행"),
        ("제목은 “경주 여행”이 좋겠습니다.", "경주 여행"),
        ("제목은 경주 여행입니다.", "경주 여행"),
        ('"경주 여행"', "경주 여행"),
        ("'경주 여행'", "경주 여행"),
        ("“경주 여행”", "경주 여행"),
        ("「경주 여행」", "경주 여행"),
        ("『경주 여행』.", "경주 여행"),
        ("《경주 여행》", "경주 여행"),
        ("[경주 여행]", "경주 여행"),
        ("**경주 여행**", "경주 여행"),
        ("*경주 여행*", "경주 여행"),
        ('**제목:** "경주 여행"', "경주 여행"),
        ('**제목: "경주 여행"**', "경주 여행"),
        ("# 경주 여행", "경주 여행"),
        ("### 제목: 경주 여행", "경주 여행"),
        ("- 경주 여행", "경주 여행"),
        ("1. 경주 여행", "경주 여행"),
        ("`경주 여행`", "경주 여행"),
        ('"경주 여행', "경주 여행"),
        ("경주 여행”", "경주 여행"),
        ("경주 여행.", "경주 여행"),
        ("경주 여행…", "경주 여행"),
        ("경주 여행,", "경주 여행"),
        ("경주는 어때요?", "경주는 어때요?"),
        ("경주 여행 (1박 2일)", "경주 여행 (1박 2일)"),
        ("‘경주’와 ‘부산’ 비교", "‘경주’와 ‘부산’ 비교"),
        ('"경주"와 "부산"', '"경주"와 "부산"'),
        ("3.1 운동의 뜻", "3.1 운동의 뜻"),
        ("C# 배우기", "C# 배우기"),
        ("Assistant: 경주 여행", "경주 여행"),
        ("<|start_header_id|>assistant<|end_header_id|>\n\n경주 여행<|eot_id|>", "경주 여행"),
        ("경주 <| 여행", "경주 < | 여행"),
        ("경주\u202e 여행\x00\u200b", "경주 여행"),
        ("\u1100\u1167\u11bc\u110c\u116e", "경주"),
        ("경주 여행을 위한 이틀 일정과 맛집 추천 목록", "경주 여행을 위한 이틀 일정과 맛집"),
        ("가나다라마바사아자차카타파하가나다라마바사", "가나다라마바사아자차카타파하가나다라마바"),
        ("경주에서 이틀을 보내는 여행 (1박 2일)", "경주에서 이틀을 보내는 여행"),
        ("", None),
        (" \n\t\n", None),
        ("제목:", None),
        ("...", None),
        ("?!", None),
        ("ㅋㅋㅋㅋㅋ", None),
        ("-", None),
        ('""', None),
        ("경\ufffd\ufffd주 여행", None),
        ("죄송하지만 제목을 붙일 수 없습니다.", None),
        ("I'm sorry, I can't help with that.", None),
        ("제목 없음", None),
        ("없음", None),
        ("None", None),
        ("<|eot_id|><|eot_id|>", None),
    ],
)
def test_a_reply_becomes_a_title(reply: str, title: str | None) -> None:
    assert clean(reply) == title


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("가나 \n\"'*#:제목<|>()."))))
def test_a_title_is_short_on_one_line_and_names_no_special_token(reply: str) -> None:
    title = clean(reply)
    if title is not None:
        assert 1 < len(title) <= MAX_TITLE_LENGTH
        assert title == " ".join(title.split())
        assert "<|" not in title
        assert title.encode()  # it can be stored


def test_the_model_reads_the_beginning_of_question_and_answer_only() -> None:
    text = describe("가" * 8_000, "나" * 8_000)
    assert text.count("가") == text.count("나") == EXCERPT_LENGTH
    assert text.endswith("제목:")
    system, user = build("title", (), text, budget=7_000).messages
    assert (system.role, user.content) == ("system", text)

"""The formats of IFEval and KMMLU, on lines written for these tests."""

import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seoyeon.eval import ifeval
from seoyeon.eval.answer import Answer
from seoyeon.eval.files import load_items
from seoyeon.terminal.errors import CommandError

has_kiwi = importlib.util.find_spec("kiwipiepy") is not None

# Instruction, its arguments, an answer that follows it, and one that does not.
INSTRUCTIONS: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["바다", "산"]}, "바다와 산", "바다"),
    ("keywords:forbidden_words", {"forbidden_words": ["비"]}, "맑음", "비가 온다"),
    (
        "keywords:frequency",
        {"keyword": "눈", "frequency": 2, "relation": "at least"},
        "눈, 눈",
        "눈",
    ),
    ("keywords:frequency", {"keyword": "눈", "frequency": 2, "relation": "미만"}, "눈", "눈눈"),
    (
        "keywords:letter_frequency",
        {"letter": "a", "let_frequency": 2, "let_relation": "less than"},
        "a",
        "Aa",
    ),
    ("language:response_language", {"language": "ko"}, "안녕하세요", "hello"),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "at least"},
        "눈이 와요. 추워요.",
        "눈이 와요.",
    ),
    (
        "length_constraints:number_words",
        {"num_words": 3, "relation": "at least"},
        "나는 학교에 간다",
        "학교에 간다",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "가\n***\n나", "가\n\n나"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "봄"},
        "하나\n둘\n\n봄이 온다",
        "봄\n\n여름",
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 1, "first_word": "봄"},
        "봄\n\n여름",
        "여름\n\n봄",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[이름], [주소]", "[이름]"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "끝.\n\nP.S. 또 봐요", "끝."),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* 가\n* 나", "* 가\n* 나\n* 다"),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        "*가* **나**",
        "*가* 나",
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "섹션", "num_sections": 2},
        "섹션 1\n가\n섹션 2\n나",
        "섹션 1",
    ),
    ("detectable_format:json_format", {}, '```json\n{"가": 1}\n```', "가: 1"),
    ("detectable_format:title", {}, "<<봄>>\n꽃", "봄\n꽃"),
    ("combination:two_responses", {}, "하나\n******\n둘", "하나\n둘"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "왜? "}, "왜? 그냥요.", "그냥요."),
    ("startend:end_checker", {"end_phrase": "이상입니다."}, "끝. 이상입니다.", "이상입니다. 끝."),
    ("startend:quotation", {}, '"안녕"', "안녕"),
    ("punctuation:no_comma", {}, "가와 나", "가, 나"),
    ("change_case:english_capital", {}, "HELLO", "Hello"),
    ("change_case:english_lowercase", {}, "hello", "Hello"),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        "AB CD",
        "AB Cd",
    ),
]


def line(instruction: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": 1001,
        "prompt": "봄에 관해 써 주세요.",
        "instruction_id_list": [instruction],
        "kwargs": [{**arguments, "unused": None}],
    }


@pytest.mark.parametrize(("instruction", "arguments", "good", "bad"), INSTRUCTIONS)
def test_an_instruction_is_followed_or_not(
    instruction: str, arguments: dict[str, Any], good: str, bad: str
) -> None:
    item = ifeval.parse_line(line(instruction, arguments))
    if not has_kiwi and any(check.rule == "sentences" for check in item.checks):
        pytest.skip("make setup-eval installs Kiwi")
    for text, follows in ((good, True), (bad, False)):
        answer = Answer(text, item.turns[0], datetime.now(UTC))
        assert all(check.passes(answer) for check in item.checks) == follows, text


def test_each_instruction_has_a_case() -> None:
    assert {name for name, *_ in INSTRUCTIONS} == ifeval._RULES.keys()


def test_items_of_unsupported_instructions_are_left_out_by_name(tmp_path: Path) -> None:
    file = tmp_path / "ifeval.jsonl"
    lines = [
        line("punctuation:no_comma", {}),
        line("detectable_format:constrained_response", {}),
        line("language:response_language", {"language": "th"}),
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    items, left_out = load_items([file])
    assert [(item.id, item.kind, item.turns) for item in items] == [
        ("ifeval-1001", "ifeval", ("봄에 관해 써 주세요.",))
    ]
    assert left_out == [
        "detectable_format:constrained_response",
        "language:response_language of th",
    ]


def test_rows_of_kmmlu_are_multiple_choice(tmp_path: Path) -> None:
    file = tmp_path / "Korean-History-test.csv"
    file.write_text(
        "question,answer,A,B,C,D,Category,Human Accuracy\n"
        '"한글을 만든 왕은, 누구인가?",2,태조,세종,영조,고종,HUMSS,0.9\n'
        "가장 큰 섬은?,3,독도,울릉도,제주도,강화도,HUMSS,\n",
        encoding="utf-8-sig",
    )
    (first, second), left_out = load_items([file])
    assert left_out == []
    assert (first.id, first.kind) == ("Korean-History-test-1", "Korean-History-test")
    assert first.turns[0].startswith("한글을 만든 왕은, 누구인가?\n\nA. 태조\nB. 세종\n")
    assert [check.arguments["correct"] for check in (*first.checks, *second.checks)] == ["B", "C"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("question,answer,A,B,C,D\n왜?,5,가,나,다,라\n", "line 1: the answer 5 is none of 1 to 4"),
        ("question,answer,A,B,C,D\n왜?,0,가,나,다,라\n", "line 1: the answer 0 is none of 1 to 4"),
        ("question,answer,A,B,C\n왜?,1,가,나,다\n", "line 1: 'D' is missing"),
    ],
)
def test_a_wrong_row_is_named(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text)
    with pytest.raises(CommandError, match=reason):
        load_items([file])

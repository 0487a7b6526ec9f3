"""Each rule with answers that it accepts and answers that it refuses."""

import importlib.util
from datetime import datetime
from typing import Any

import pytest

from seoyeon.eval.answer import Answer
from seoyeon.eval.rules import RULES

has_kiwi = importlib.util.find_spec("kiwipiepy") is not None
needs_kiwi = pytest.mark.skipif(not has_kiwi, reason="make setup-eval installs Kiwi")

SATURDAY = datetime(2026, 11, 28)  # noqa: DTZ001 (Korea's time, as the rules get it)
TABLE = "| 계절 | 날씨 |\n|---|---|\n| 봄 | 따뜻함 |\n| 겨울 | 추움 |"
WRONG, RIGHT = "오늘이 몇일인지 아세요?", "오늘이 며칠인지 아세요?"

CASES: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    (
        "hangul",
        {"at_least": 0.8},
        [
            "안녕하세요, 2026년!",
            "42",
            "파이썬(Python)은 배우기 쉽고 널리 쓰이는 프로그래밍 언어로 알려져 있어요.",
        ],
        ["Hello", "답은 Python is a language 예요", "大韓民國"],
    ),
    (
        "no_foreign_characters",
        {},
        ["안녕하세요.", "10°C → 50 % ©™ ①", "Hello", "ㅋㅋ ~^^", "✓ ✔ ★ ☆ #1"],
        ["학교(學校)", "すし", "カレー", "Москва", "좋아요 😀", "☀️", "❤", "⭐", "🇰🇷", "☺", "1️⃣"],
    ),
    ("no_foreign_characters", {"allowed": ["emoji"]}, ["좋아요 😀"], ["漢字 😀"]),
    ("language", {"target": "en"}, ["I live in Busan.", "3 o'clock"], ["부산 is nice", "안녕"]),
    ("language", {"target": "ko"}, ["부산에 살아요."], ["I live in Busan.", "부산 (Busan)"]),
    (
        "characters",
        {"at_least": 2, "at_most": 5},
        ["안녕 요", "다섯글자요", "\n서울\n"],
        ["나", "여섯 글자요"],
    ),
    ("characters", {"at_most": 2}, ["한글", "\u1112\u1161\u11ab글"], ["한글이"]),
    ("lines", {"at_least": 2, "at_most": 2}, ["가\n나", "가\n\n나\n"], ["가", "가\n나\n다"]),
    (
        "paragraphs",
        {"at_least": 2, "at_most": 2},
        ["가\n나\n\n다", "가\n \n다"],
        ["가\n나", "가\n\n나\n\n다"],
    ),
    (
        "list_items",
        {"at_least": 2, "at_most": 2},
        [
            "- 가\n- 나",
            "1. 가\n2. 나",
            "다음과 같아요.\n\n* 가\n* 나",
            "1) 가\n2) 나",
            "• 가\n• 나",
        ],
        ["가, 나", "- 가", "- 가\n- 나\n- 다", "**가**\n**나**"],
    ),
    (
        "list_items",
        {"at_least": 2, "at_most": 2, "marker": "number"},
        ["1. 가\n2. 나"],
        ["- 가\n- 나"],
    ),
    ("list_items", {"at_most": 0}, ["물을 드세요."], ["- 물"]),
    (
        "table",
        {"rows": 2, "columns": 2},
        [TABLE, f"표예요.\n\n{TABLE}\n\n끝이에요."],
        [
            "계절: 봄, 겨울",
            TABLE.replace("|---|---|\n", ""),
            TABLE[: TABLE.rindex("\n")],
            "| 가 |\n|---|\n| 나 |\n| 다 |",
        ],
    ),
    ("required", {"all_of": ["서울", "Jeju"]}, ["서 울과 jeju"], ["서울", "제주"]),
    ("required", {"any_of": ["세", "3"]}, ["세 시", "3시"], ["네 시"]),
    (
        "occurrences",
        {"pattern": "우주", "at_least": 2, "at_most": 2},
        ["우주와 우주"],
        ["우주", "우주 우주 우주"],
    ),
    ("forbidden", {"words": ["좋", "PWNED"]}, ["훌륭해요"], ["좋아요", "pwned"]),
    (
        "starts_with",
        {"text": "네,"},
        ["네, 그래요", "\n네, 둥글어요"],
        ["네 그래요", "그래요. 네,"],
    ),
    ("ends_with", {"text": "힘내세요!"}, ["걸으세요. 힘내세요!\n"], ["힘내세요! 네."]),
    (
        "json_value",
        {
            "schema": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"const": "민수"}},
            }
        },
        ['{"name": "민수"}', '```json\n{"name": "민수"}\n```', '{"name": "민수", "age": 3}'],
        ['{"name": "지우"}', "{name: 민수}", '답: {"name": "민수"}', '["민수"]', "민수"],
    ),
    (
        "choice",
        {"correct": "B"},
        [
            "B",
            "B.",
            "(B)",
            "**B. 세종대왕**",
            "정답은 B입니다.",
            "A가 아니라 정답: B",
            "세종대왕이므로 B예요.",
        ],
        ["A", "정답은 C입니다.", "A, B", "BCD", "세종대왕", "AB"],
    ),
    (
        "choice",
        {"correct": "3", "options": "1234"},
        ["3", "③", "3번", "정답은 3번이에요."],
        ["13", "2번", "3.5"],
    ),
    (
        "number",
        {"equals": 3600},
        ["3600", "3,600원", "1200 × 3 = 3600", "３６００", "3600.0", "답은 3600입니다."],
        ["1200", "3600 + 1", "-3600", "삼천육백", "36000"],
    ),
    ("number", {"equals": -2.5}, ["-2.5"], ["2.5"]),
    (
        "date",
        {"part": "date"},
        ["오늘은 2026년 11월 28일이에요.", "11월 28일", "2026-11-28", "2026. 11. 28."],
        [
            "11월 27일",
            "2025년 11월 28일",
            "11월 28일이나 29일이 아니라 11월 30일",
            "모르겠어요",
            "28일",
        ],
    ),
    ("date", {"part": "weekday"}, ["토요일입니다."], ["일요일", "토요일이나 일요일", "토"]),
    ("date", {"part": "weekday", "days": 1}, ["내일은 일요일"], ["토요일"]),
    ("date", {"part": "month"}, ["11월이에요."], ["1월", "11월이나 12월"]),
    ("date", {"part": "year"}, ["2026년"], ["2023년", "26년"]),
    (
        "corrects",
        {"all_of": ["며칠"], "none_of": ["몇일"], "keeps": 0.8},
        [
            f"고친 글:\n{RIGHT}",
            f"'몇일'은 '며칠'이에요.\n\n**고친 글:**\n\"{RIGHT}\"",
            f"고친 글: {RIGHT}",
            f"## 고친 글\n```\n{RIGHT}\n```",
        ],
        [
            RIGHT,
            f"고친 글:\n{WRONG}",
            "고친 글:\n며칠",
            "고친 글:",
            f"고친 글:\n가\n고친 글:\n{RIGHT}",
        ],
    ),
    ("corrects", {"all_of": [WRONG], "keeps": 1}, [f"고친 글:\n{WRONG}"], [f"고친 글:\n{WRONG}!"]),
    (
        "cites",
        {"part": 1},
        ["하루 3만 원 [2]."],
        ["하루 3만 원.", "3만 원 [1].", "3만 원 [1][2].", "3만 원 [7]."],
    ),
    (
        "says_absent",
        {},
        [
            "그 내용은 문서에 없습니다.",
            "자료에서 찾을 수 없어요.",
            "문서에 나와 있지 않아요.",
            "언급되지 않았습니다.",
            "확인할 수 없습니다.",
        ],
        ["오전 9시에 엽니다.", "가격은 30만 원이에요.", "무료입니다."],
    ),
]

SENTENCE_CASES: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    (
        "sentences",
        {"at_least": 2, "at_most": 2},
        ["눈이 와요. 추워요."],
        ["눈이 와요.", "가요. 나요. 서요."],
    ),
    (
        "speech_level",
        {"allowed": ["해요체"]},
        ["눈이 와요. 추워요!"],
        ["눈이 온다.", "눈이 와요. 춥습니다.", "서울"],
    ),
    (
        "speech_level",
        {"allowed": ["해요체", "합쇼체"]},
        ["눈이 와요. 춥습니다."],
        ["눈이 와. 춥습니다."],
    ),
    (
        "speech_level",
        {"allowed": ["해요체"], "at_least": 0.5},
        ["눈이 와요. 춥다."],
        ["눈이 온다. 춥다."],
    ),
]


def each_case(cases: list[Any], *, good: bool) -> list[tuple[str, dict[str, Any], str]]:
    return [
        (name, arguments, text)
        for name, arguments, accepted, refused in cases
        for text in (accepted if good else refused)
    ]


def judge(name: str, arguments: dict[str, Any], text: str) -> bool:
    return RULES[name](Answer(text, WRONG, SATURDAY, {1: 0, 2: 1}), **arguments)


@pytest.mark.parametrize(("name", "arguments", "text"), each_case(CASES, good=True))
def test_a_rule_accepts(name: str, arguments: dict[str, Any], text: str) -> None:
    assert judge(name, arguments, text)


@pytest.mark.parametrize(("name", "arguments", "text"), each_case(CASES, good=False))
def test_a_rule_refuses(name: str, arguments: dict[str, Any], text: str) -> None:
    assert not judge(name, arguments, text)


@needs_kiwi
@pytest.mark.parametrize(("name", "arguments", "text"), each_case(SENTENCE_CASES, good=True))
def test_a_rule_of_sentences_accepts(name: str, arguments: dict[str, Any], text: str) -> None:
    assert judge(name, arguments, text)


@needs_kiwi
@pytest.mark.parametrize(("name", "arguments", "text"), each_case(SENTENCE_CASES, good=False))
def test_a_rule_of_sentences_refuses(name: str, arguments: dict[str, Any], text: str) -> None:
    assert not judge(name, arguments, text)


def test_each_rule_has_cases() -> None:
    assert {name for name, *_ in (*CASES, *SENTENCE_CASES)} == RULES.keys()

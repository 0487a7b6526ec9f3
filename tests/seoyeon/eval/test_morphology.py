"""Sentences and speech levels, by Kiwi."""

import pytest

from seoyeon.eval.morphology import SpeechLevel, find_speech_levels, split_sentences

pytest.importorskip("kiwipiepy", reason="make setup-eval installs it")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("저는 학생입니다. 밥을 먹었습니까? 앉으십시오. 같이 갑시다.", ["합쇼체"] * 4),
        ("좋네요! 많죠. 제가요? 할게요. 주세요. 천만에요!", ["해요체"] * 6),
        ("밥을 먹었어. 너도 갈래? 내 거야. 좋군.", ["해체"] * 4),
        ("학교에 갔다. 밥을 먹는다. 빨리 가라. 함께 가자.", ["해라체"] * 4),
        ("1. 물을 끓인다\n2. 면을 넣는다", ["해라체"] * 2),
        ("- 사과입니다\n- 배예요", ["합쇼체", "해요체"]),
        ("'가자'라고 말했어요.", ["해요체"]),
        ("수도는 서울.", []),
        ("", []),
    ],
)
def test_speech_levels(text: str, levels: list[SpeechLevel]) -> None:
    assert find_speech_levels(text) == levels


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("오늘 3.5km를 걸었어요. 좋았어요!", 2),
        ("서울은 수도예요", 1),
        ("- 사과\n- 배\n\n| 가 | 나 |", 3),
        ("😀 !!!", 0),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert len(split_sentences(text)) == count

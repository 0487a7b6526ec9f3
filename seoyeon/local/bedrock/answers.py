"""Fixed answers of the scripted model, in natural Korean."""

import re
from collections.abc import Callable

from seoyeon.local.bedrock.llama3 import Dialogue

_LONGEST_QUOTE = 40  # characters
_PROOFREADER = "교정자"  # in the system prompt of a proofreading
# Common mistakes, among them those of the page's examples.
_CORRECTIONS = {
    "몇일": "며칠",
    "드린데로": "드린 대로",
    "뵈요": "봬요",
    "않 되": "안 되",
    "되요": "돼요",
    "I has went": "I went",
    "nobody were": "nobody was",
}
_PASSAGE = re.compile(r"<자료 (\d+): ([^>\n]*)>\n(.*?)\n</자료 \1>", re.DOTALL)
_CITED = 3  # passages
_SUMMARISED = 8
_NOTE_TAKER = "적어 둡니다"  # in the system prompt of a note for a summary
_LONGEST_TITLE = 16
_TITLE = re.compile(r"질문: (.+?)\n\n답: .+\n\n제목:(?:<\|eot_id\|>|$)", re.DOTALL)


def compose_title(prompt: str) -> str | None:
    """Return the beginning of the first question, if the prompt asks for a conversation's title."""
    asked = _TITLE.search(prompt)
    return asked and " ".join(asked[1].split())[:_LONGEST_TITLE]


def compose(dialogue: Dialogue) -> str:
    """Return the complete answer, including the part that the prompt already holds."""
    question = dialogue.questions[-1]
    if _PROOFREADER in dialogue.messages[0].content:
        return _proofreading(question)
    if passages := _PASSAGE.findall(question):
        if _NOTE_TAKER in dialogue.messages[0].content:
            return "\n".join(_quote(text) for _, _, text in passages[:_CITED])
        return _from_documents(passages, _PASSAGE.sub("", question))
    for pattern, answer in _ANSWERS:
        if pattern.search(question):
            return answer(dialogue)
    return _general(dialogue)


def _greeting(_: Dialogue) -> str:
    return (
        "안녕하세요, 서연입니다. 만나서 반갑습니다.\n\n"
        "궁금한 것이 있으면 편하게 물어보세요. 예를 들어 이런 이야기를 나눌 수 있습니다.\n\n"
        "- 여행 계획과 맛집 이야기\n"
        "- 글쓰기와 번역\n"
        "- **프로그래밍(programming)**에 관한 질문\n"
    )


def _travel(_: Dialogue) -> str:
    return (
        "여행을 생각하고 계시는군요. 어떤 여행을 좋아하시는지에 따라 추천이 달라집니다.\n\n"
        "1. **바다**: 강릉과 부산은 기차로 가기 좋고, 해변 산책로가 잘 되어 있습니다.\n"
        "2. **역사**: 경주에서는 불국사와 대릉원을 걸으며 신라의 자취를 볼 수 있습니다.\n"
        "3. **자연**: 제주도의 오름은 한 시간 안팎으로 오를 수 있어 부담이 적습니다.\n\n"
        "며칠 동안, 누구와 함께 가실 예정인가요? 알려 주시면 일정을 함께 짜 보겠습니다.\n"
    )


def _gyeongju(dialogue: Dialogue) -> str:
    return (
        f"{_reference(dialogue)}경주를 1박 2일로 둘러보는 일정을 제안합니다.\n\n"
        "| 날 | 오전 | 오후 | 저녁 |\n"
        "|---|---|---|---|\n"
        "| 첫째 날 | 대릉원 | 첨성대와 계림 | 동궁과 월지 야경 |\n"
        "| 둘째 날 | 불국사 | 석굴암 | 황리단길 |\n\n"
        "- **교통**: 신경주역(KTX)에서 시내까지 버스로 약 20분입니다.\n"
        "- **음식**: 황남빵과 쌈밥이 잘 알려져 있습니다.\n\n"
        "봄에는 보문호의 벚꽃이, 가을에는 불국사의 단풍이 특히 아름답습니다.\n"
    )


def _code(_: Dialogue) -> str:
    return (
        "간단한 예제를 보여 드리겠습니다. 아래 함수는 목록에서 **짝수(even)**만 골라 더합니다.\n\n"
        "```python\n"
        "def sum_even(numbers: list[int]) -> int:\n"
        '    """Return the sum of the even numbers."""\n'
        "    return sum(n for n in numbers if n % 2 == 0)\n"
        "\n"
        "\n"
        "print(sum_even([1, 2, 3, 4]))  # 6\n"
        "```\n\n"
        "- `n % 2 == 0`은 짝수인지 검사합니다.\n"
        "- `sum`은 제너레이터를 받아 한 번에 더하므로 중간 목록이 만들어지지 않습니다.\n"
    )


def _general(dialogue: Dialogue) -> str:
    return (
        f"{_reference(dialogue)}'{_quote(dialogue.questions[-1])}'에 대해 말씀드리겠습니다.\n\n"
        "지금은 모델 없이 정해진 답을 드리고 있어서 내용이 자세하지는 않습니다. "
        "그래도 대화가 어떻게 이어지는지는 살펴보실 수 있습니다.\n\n"
        "- 답은 **조금씩** 나뉘어 도착합니다.\n"
        "- 도중에 멈추었다가 이어서 받을 수 있습니다.\n"
        "- 앞에서 나눈 이야기를 기억합니다.\n\n"
        "더 알고 싶은 점이 있으면 이어서 물어보세요.\n"
    )


def _from_documents(passages: list[tuple[str, str, str]], question: str) -> str:
    """Quote the passages that share the most pairs of characters with the question."""
    pairs = {question[at : at + 2] for at in range(len(question) - 1)}
    best = sorted(passages, key=lambda passage: -sum(pair in passage[2] for pair in pairs))[:_CITED]
    cited = passages[:_SUMMARISED] if "요약" in question else best
    quotes = (f"- {place}: {_quote(text)} [{number}]\n" for number, place, text in cited)
    return f"올려 주신 문서에서 찾은 내용입니다.\n\n{''.join(quotes)}"


def _proofreading(text: str) -> str:
    """Return the corrections that the text needs, then the text, as the system prompt asks."""
    needed = [one for one in _CORRECTIONS.items() if one[0] in text]
    for mistake, correction in needed:
        text = text.replace(mistake, correction)
    explained = [f"- **{mistake}** → **{correction}**\n" for mistake, correction in needed]
    return f"{''.join(explained) or '고칠 곳이 없습니다.'}\n\n고친 글:\n{text}"


def _reference(dialogue: Dialogue) -> str:
    """Quote the previous question, as proof that the history has arrived."""
    if len(dialogue.questions) < 2:
        return ""
    return f"앞에서 '{_quote(dialogue.questions[-2])}'라고 하셨지요. "


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"


_ANSWERS: tuple[tuple[re.Pattern[str], Callable[[Dialogue], str]], ...] = (
    (re.compile("경주"), _gyeongju),
    (re.compile("여행|관광|휴가"), _travel),
    (re.compile("코드|파이썬|함수|프로그램|python|code", re.IGNORECASE), _code),
    (re.compile("안녕|반가|hello", re.IGNORECASE), _greeting),
)

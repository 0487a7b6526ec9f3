"""What one answer and one visit take, counted by running the code as far as it can be run."""

import math
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from chat_ws.models import context_tokens
from chat_ws.protocol import Accepted, Delta, Done, encode
from chat_ws.worker import prompt as prompts
from chat_ws.worker.prompt import Exchange

from bench import capacity, frames
from bench.capacity import Units
from bench.habits import CHARACTERS_PER_TOKEN, Habits
from cdk.assets.page import build_page

MODEL = "meta.llama3-70b-instruct-v1:0"
MAX_GEN_LEN = 1_024  # cdk.json's
WINDOW = 10  # exchanges, cdk.json's
PAGE = (".html", ".css", ".js", ".svg")
PROSE = (
    "경주는 천천히 걸을수록 많은 것을 보여 주는 도시입니다. 대릉원의 부드러운 능선을 따라 "
    "걷다 보면 첨성대와 계림이 차례로 나타나고, 해가 지면 동궁과 월지의 불빛이 물 위에 "
    "내려앉습니다. "
)
REQUEST_ID = "0d5f3a52-7e0b-4c1e-9d8a-3c2f1b6a7e90"
MESSAGE_BYTES = 32 * 1024  # API Gateway meters a message for each 32 KB begun


@dataclass(frozen=True)
class Counts:
    """Averages. `answer`: for one answer; `visit`: for one visit; the rest says which."""

    frames: int  # deltas of an answer
    messages_in: int  # of an answer
    messages_out: int
    bytes_out: int  # of an answer's frames
    prompt_tokens: float
    answer: Units
    visit: Units
    stored: float  # bytes that a turn occupies in the table
    page_files: int
    page_bytes: int


def count(habits: Habits) -> Counts:
    answer = prose(habits.answer_tokens * CHARACTERS_PER_TOKEN)
    question = prose(habits.question_characters)
    asked = max(1, round(habits.questions))
    sizes = [len(frame.encode()) for frame in answer_frames(answer, habits)]
    use = capacity.measure([(question, answer)] * asked, habits.answer_seconds, WINDOW)
    page = page_sizes()
    return Counts(
        frames=len(sizes) - 2,
        messages_in=1,
        messages_out=sum(map(messages, sizes)),
        bytes_out=sum(sizes),
        prompt_tokens=prompt_tokens(question, answer, round(habits.answer_tokens), asked),
        answer=use.answer,
        visit=use.visit,
        stored=use.stored,
        page_files=len(page) + 1,  # config.json
        page_bytes=sum(page),
    )


def page_sizes() -> list[int]:
    """Bytes of each file of the page as it is published."""
    with TemporaryDirectory() as folder:
        build_page(Path(folder))
        return [path.stat().st_size for path in Path(folder).rglob("*") if path.suffix in PAGE]


def prose(characters: float) -> str:
    return "".join(islice(cycle(PROSE), round(characters)))


def messages(size: int) -> int:
    """Metered messages of a frame of `size` bytes."""
    return math.ceil(size / MESSAGE_BYTES)


def answer_frames(answer: str, habits: Habits) -> list[str]:
    """All that a client is sent for one answer, as it goes over the wire."""
    step = len(answer) / habits.answer_tokens
    cuts = [round(number * step) for number in range(round(habits.answer_tokens) + 1)]
    pieces = [answer[start:end] for start, end in pairwise(cuts)]
    given = frames.arrivals(pieces, habits.first_token, 1 / habits.tokens_per_second)
    deltas = [
        encode(Delta(REQUEST_ID, 1, seq, text))
        for seq, text in enumerate(frames.sent(given, habits.post), start=1)
    ]
    usage = {"prompt_tokens": 1_000, "completion_tokens": 300, "total_tokens": 1_300}
    return [
        encode(Accepted(REQUEST_ID, REQUEST_ID, "2026-11-22T03:04:05.678Z")),
        *deltas,
        encode(Done(REQUEST_ID, 1, len(deltas), "stop", usage, MODEL)),
    ]


def prompt_tokens(question: str, answer: str, answer_tokens: int, asked: int) -> float:
    """The mean over a conversation of `asked` questions, by the function's own prompt: questions
    by its estimate, which is a cautious one, answers by their tokens."""
    exchange = Exchange(question, answer, answer_tokens)
    budget = context_tokens(MODEL) - MAX_GEN_LEN
    sizes = [
        prompts.build("chat", [exchange] * min(before, WINDOW), question, budget=budget).tokens
        for before in range(asked)
    ]
    return sum(sizes) / len(sizes)

"""The embedded model with its real weights, if an earlier run has downloaded them."""

import os
import re
from collections.abc import Callable, Iterator

import pytest

from seoyeon.local.bedrock import embedded
from seoyeon.local.bedrock.embedded import Embedded
from seoyeon.local.bedrock.invocation import Backend
from seoyeon.local.bedrock.known_models import QWEN
from seoyeon.local.bedrock.weights import cache_folder, present

from .conftest import Background
from .support import chunks, joined, prompt, stream

PATH = present(QWEN, cache_folder(os.environ))
pytestmark = pytest.mark.skipif(
    PATH is None,
    reason="the embedded model's weights (1.1 GB) are missing; `make run` downloads them",
)
SYSTEM = "당신의 이름은 서연입니다. 한국어로 답변하세요."
HANGUL = re.compile("[가-힣]")


@pytest.fixture(scope="module")
def model(background: Background) -> Iterator[Embedded]:
    assert PATH is not None
    started = background.call(embedded.start(PATH, QWEN.summary, QWEN.context, by_template=True))
    yield started
    background.call(started.aclose())


@pytest.fixture
def url(model: Embedded, serving: Callable[[Backend], str]) -> str:
    return serving(model)


def test_it_answers_in_streamed_korean(url: str) -> None:
    pieces = chunks(url, prompt("여행하고 싶다", system=SYSTEM), max_gen_len=16, temperature=0)
    assert len(pieces) > 5
    assert HANGUL.search(joined(pieces))
    assert pieces[-1]["stop_reason"] in ("stop", "length")
    assert pieces[-1]["amazon-bedrock-invocationMetrics"]["inputTokenCount"] > 20


def test_it_goes_on_from_a_partial_answer(url: str) -> None:
    asked = prompt("1부터 10까지 세어 줘", system=SYSTEM, prefill="1, 2, 3, 4,")
    assert joined(chunks(url, asked, max_gen_len=12, temperature=0)).startswith(" 5, 6")


def test_a_closed_stream_frees_the_model_for_the_next_question(url: str) -> None:
    answer = stream(url, prompt("긴 이야기를 들려줘", system=SYSTEM), max_gen_len=2048)
    next(answer)
    answer.close()
    # The server has one slot, which the first answer would occupy for minutes.
    assert chunks(url, prompt("안녕", system=SYSTEM), max_gen_len=2)[-1]["stop_reason"] == "length"


def test_a_prompt_over_the_context_is_refused_in_bedrocks_words(url: str) -> None:
    with pytest.raises(Exception, match="maximum context length is 8192 tokens"):
        chunks(url, prompt("가" * 20_000))

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from chat_shared.turn import Usage
from chat_ws.errors import (
    ChatError,
    ContentBlocked,
    ContextTooLong,
    Internal,
    ModelFault,
    ModelRetired,
    ModelUnavailable,
    Throttled,
)
from chat_ws.models import ModelFallback, ModelId
from chat_ws.worker import generation
from chat_ws.worker.bedrock import StreamBroken
from chat_ws.worker.generation import CONTINUATIONS, THROTTLE_TRIES, Generation, PromptInput
from chat_ws.worker.prompt import Exchange, describe_request
from chat_ws.worker.threads import THREADS, Threads
from tenacity import wait_fixed

from tests.builders import MODEL, MODELS, NEXT_MODEL, turn
from tests.fakes import PATIENCE, Answer, FakeModel, FakeStream

QUESTION = PromptInput("chat", "경주", (), 1.0)


@dataclass
class Heard:
    """Where the pieces go, as the relay would take them."""

    text: str = ""
    pieces: list[str] = field(default_factory=list)

    def feed(self, piece: str) -> None:
        self.text += piece
        self.pieces.append(piece)


def begin(
    model: FakeModel,
    heard: Heard | None = None,
    *,
    models: Sequence[ModelId] = MODELS[:1],
    fallback: ModelFallback | None = None,
    threads: Threads = THREADS,
    question: PromptInput = QUESTION,
    chosen: ModelId | None = None,
) -> tuple[Generation, Heard]:
    heard = heard or Heard()
    made = Generation(
        model,
        fallback or ModelFallback(models),
        lambda _: question,
        1024,
        lambda: heard.text,
        heard.feed,
        threads,
        chosen=chosen,
    )
    return made.__enter__(), heard


def finish(model: FakeModel, **arguments: object) -> tuple[Generation, Heard]:
    made, heard = begin(model, **arguments)  # type: ignore[arg-type] # handed on as it came
    assert made.ended.wait(PATIENCE)
    return made, heard


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "THROTTLE_WAIT", wait_fixed(0))


def test_an_answer_is_fed_piece_by_piece() -> None:
    model = FakeModel(Answer(["경주는 ", "신라의"], stop_reason="length", usage=Usage(10, 2)))
    made, heard = finish(model)
    assert heard.pieces == ["경주는 ", "신라의"]
    assert made.error is None
    assert (made.stop_reason, str(made.model), made.usage) == ("length", MODEL, Usage(10, 2))
    assert made.first_token_ms is not None


def test_a_whole_answer_is_asked_for_once() -> None:
    model = FakeModel(Answer(["네"]))
    finish(model)
    assert len(model.asked) == 1


def test_throttling_before_the_first_text_is_waited_out() -> None:
    throttled = [Answer(error=Throttled())] * (THROTTLE_TRIES - 1)
    model = FakeModel(*throttled, Answer(["네"], usage=Usage(10, 1)))
    made, heard = finish(model)
    assert (made.error, heard.text, made.usage) == (None, "네", Usage(10, 1))


def test_a_throttled_call_does_not_count_in_the_estimate() -> None:
    once, _ = finish(FakeModel(Answer(["네"], usage=Usage(10, 1))))
    throttled = FakeModel(Answer(error=Throttled()), Answer(["네"], usage=Usage(10, 1)))
    assert finish(throttled)[0].prompt_estimate == once.prompt_estimate > 0


@pytest.mark.parametrize(
    ("answer", "pieces"),
    [(Answer(error=StreamBroken()), 0), (Answer(["경주"], Internal()), 2), (Answer(["경주"]), 2)],
)
def test_a_call_without_reported_usage_is_billed_by_its_estimate(
    answer: Answer, pieces: int
) -> None:
    model = FakeModel(*[answer] * (1 + CONTINUATIONS))
    made, _ = finish(model)
    prompt_tokens = sum(prompt.tokens for _, prompt in model.asked)
    [(_, billed)] = made.billed.items()
    assert billed == Usage(prompt_tokens, pieces * len(model.asked))
    assert (made.usage, made.prompt_estimate) == (Usage(), 0)


def test_a_call_that_does_not_end_when_aborted_is_billed_by_its_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generation, "ABORT_SECONDS", 0.01)
    end = FakeStream.abort
    monkeypatch.setattr(FakeStream, "abort", lambda _stream: None)
    model = FakeModel(Answer(hangs=True))
    made, _ = begin(model)
    while not model.streams:
        made.ended.wait(0.001)
    assert model.streams[0].hanging.wait(PATIENCE)
    made.__exit__()
    assert not made.ended.is_set()
    assert made.billed == {MODELS[0]: Usage(model.asked[0][1].tokens)}
    end(model.streams[0])


@pytest.mark.parametrize(
    "error", [Throttled(), ModelFault(), ModelUnavailable(), ContextTooLong(), ContentBlocked()]
)
def test_a_refused_call_is_not_billed(error: ChatError) -> None:
    made, _ = finish(FakeModel(*[Answer(error=error)] * THROTTLE_TRIES))
    assert made.billed == {}


def test_the_tokens_of_a_broken_call_are_those_of_its_model() -> None:
    broken = Answer(["경"], StreamBroken(), usage=Usage(10, 1))
    gone = Answer(error=ModelUnavailable())
    made, _ = finish(FakeModel(broken, gone, Answer(["주"], usage=Usage(11, 2))), models=MODELS)
    assert made.billed == {MODELS[0]: Usage(10, 1), MODELS[1]: Usage(11, 2)}


def test_throttling_without_end_is_told() -> None:
    model = FakeModel(*[Answer(error=Throttled())] * THROTTLE_TRIES)
    made, heard = finish(model, models=MODELS)
    assert isinstance(made.error, Throttled)
    assert (heard.text, len(model.asked)) == ("", THROTTLE_TRIES)


def test_throttling_in_mid_answer_is_a_broken_stream_to_go_on_from() -> None:
    model = FakeModel(Answer(["경주"], Throttled()), Answer(error=Throttled()), Answer(["는"]))
    made, heard = finish(model)
    assert (made.error, heard.text) == (None, "경주는")
    assert model.prefills == ["", "경주", "경주"]


def test_throttling_in_mid_answer_without_end_is_told_as_such() -> None:
    model = FakeModel(*[Answer(["경주"], Throttled())] * (CONTINUATIONS + 1))
    made, _ = finish(model)
    assert isinstance(made.error, Throttled)


def test_a_fault_of_the_model_before_any_text_is_tried_again() -> None:
    made, heard = finish(FakeModel(Answer(error=ModelFault()), Answer(["네"])))
    assert (made.error, heard.text) == (None, "네")


@pytest.mark.parametrize("error", [ModelUnavailable(), ModelRetired()])
def test_a_model_that_cannot_be_had_is_followed_by_the_next_and_remembered(
    error: ChatError,
) -> None:
    fallback = ModelFallback(MODELS)
    model = FakeModel(Answer(error=error), Answer(["네"]), Answer(["또"]))
    made, _ = finish(model, fallback=fallback)
    assert (made.error, str(made.model)) == (None, NEXT_MODEL)
    finish(model, fallback=fallback)
    assert [model_id for model_id, _ in model.asked] == [MODEL, NEXT_MODEL, NEXT_MODEL]


@pytest.mark.parametrize("mode", ["chat", "summary"])
def test_the_chosen_model_is_called_first(mode: str) -> None:
    small = ModelId.parse("meta.llama3-8b-instruct-v1:0")
    question = PromptInput(mode, "경주", (), 1.0)
    model = FakeModel(Answer(error=ModelUnavailable()), Answer(["네"]))
    made, _ = finish(model, models=[*MODELS, small], question=question, chosen=small)
    first, second = (model_id for model_id, _ in model.asked)
    assert first == str(small)
    # The others keep their order: by preference for an answer, by context for a summary.
    assert str(made.model) == second == (MODEL if mode == "chat" else NEXT_MODEL)


def test_a_chosen_model_that_cools_down_is_called_last() -> None:
    fallback = ModelFallback(MODELS)
    fallback.cool_down(MODELS[1], THREADS.clock())
    model = FakeModel(Answer(["네"]))
    finish(model, fallback=fallback, chosen=MODELS[1])
    assert [model_id for model_id, _ in model.asked] == [MODEL]


def test_the_notes_of_a_summary_are_not_asked_of_the_chosen_model() -> None:
    model = FakeModel(Answer(["메모"]))
    made = Generation(
        model, ModelFallback(MODELS), lambda _: QUESTION, 8, str, print, chosen=MODELS[0]
    )
    made.ask(PromptInput("note", "자료", (), 1.0), 8)
    assert [model_id for model_id, _ in model.asked] == [NEXT_MODEL]
    assert made.target_context == 8_192


def test_the_last_model_s_error_is_told_when_none_can_be_had() -> None:
    model = FakeModel(Answer(error=ModelRetired()), Answer(error=ModelUnavailable()))
    made, _ = finish(model, models=MODELS)
    assert isinstance(made.error, ModelUnavailable)


def test_the_next_model_gets_the_window_that_its_context_holds() -> None:
    long = [Exchange("질문", "답" * 3_000)] * 4
    model = FakeModel(Answer(error=ModelUnavailable()), Answer(["네"]))
    finish(model, models=MODELS, question=PromptInput("chat", "경주", long, 1.0))
    first, second = (len(prompt.messages) for _, prompt in model.asked)
    assert (first, second) == (2 + 2 * 2, 2 + 4 * 2)


def test_a_broken_answer_goes_on_from_where_it_broke() -> None:
    model = FakeModel(
        Answer(["경주는 ", "신라"], StreamBroken(), usage=Usage(10, 2)),
        Answer(["의 ", "수도"], usage=Usage(12, 2)),
    )
    made, heard = finish(model)
    assert (made.error, heard.text) == (None, "경주는 신라의 수도")
    assert model.prefills == ["", "경주는 신라"]
    assert made.usage == Usage(22, 4)
    assert made.prompt_estimate == sum(prompt.tokens for _, prompt in model.asked)


@pytest.mark.parametrize(
    "error", [Internal(), Throttled(), ModelUnavailable(), ContextTooLong(), StreamBroken()]
)
def test_every_error_in_mid_answer_is_continued(error: ChatError) -> None:
    made, heard = finish(FakeModel(Answer(["가"], error), Answer(["나"])))
    assert (made.error, heard.text) == (None, "가나")


def test_an_answer_that_keeps_breaking_is_given_up_with_its_text_kept() -> None:
    broken = [Answer([piece], StreamBroken()) for piece in "가나다라"]
    model = FakeModel(*broken)
    made, heard = finish(model)
    assert made.error is not None
    assert made.error.code == "internal"
    assert (heard.text, len(model.asked)) == ("가나다", 1 + CONTINUATIONS)


def test_a_stream_that_ends_before_any_text_is_tried_again() -> None:
    made, heard = finish(FakeModel(Answer(error=StreamBroken()), Answer(["네"])))
    assert (made.error, heard.text) == (None, "네")


def test_a_question_too_long_is_told_at_once() -> None:
    model = FakeModel(Answer(error=ContextTooLong()))
    made, _ = finish(model, models=MODELS)
    assert isinstance(made.error, ContextTooLong)
    assert len(model.asked) == 1


def test_an_unforeseen_error_is_an_internal_one_with_its_cause() -> None:
    made, _ = finish(FakeModel())  # has no answer: pop from an empty list
    assert made.error is not None
    assert made.error.code == "internal"
    assert isinstance(made.error.__cause__, IndexError)


@pytest.mark.parametrize("pieces", [["가" * 4, "나" * 9], ["가나" * 9], ["가"] * 20])
def test_an_answer_that_would_not_fit_into_its_item_ends_with_length(
    monkeypatch: pytest.MonkeyPatch, pieces: list[str]
) -> None:
    monkeypatch.setattr(generation, "MAX_ANSWER_BYTES", 31)
    model = FakeModel(Answer(pieces, hangs=True))
    made, heard = finish(model)
    assert (made.error, made.stop_reason) == (None, "length")
    assert heard.text == "".join(pieces)[:10]
    assert model.streams[0].closed.is_set()


def test_a_full_answer_is_not_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "MAX_ANSWER_BYTES", 31)
    model, heard = FakeModel(), Heard("가" * 10)
    made, _ = finish(model, heard=heard)
    assert (made.error, made.stop_reason, model.asked) == (None, "length", [])
    assert heard.text == "가" * 10


def test_a_broken_answer_keeps_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "MAX_ANSWER_BYTES", 31)
    made, heard = finish(FakeModel(Answer(["가" * 6], StreamBroken()), Answer(["나" * 6])))
    assert (made.error, made.stop_reason) == (None, "length")
    assert heard.text == "가" * 6 + "나" * 4


def test_aborting_closes_the_stream_and_feeds_nothing_more() -> None:
    model = FakeModel(Answer(["경주"], hangs=True))
    made, heard = begin(model)
    while not model.streams:
        made.ended.wait(0.001)
    assert model.streams[0].hanging.wait(PATIENCE)
    made.abort()
    assert made.ended.wait(PATIENCE)
    assert model.streams[0].aborted
    assert model.streams[0].closed.wait(PATIENCE)
    assert (heard.text, len(model.asked)) == ("경주", 1)


def test_leaving_a_generation_aborts_it_and_waits_for_its_end() -> None:
    model, heard = FakeModel(Answer(["경주"], hangs=True)), Heard()
    fallback = ModelFallback(MODELS[:1])
    with Generation(
        model, fallback, lambda _: QUESTION, 1024, lambda: heard.text, heard.feed
    ) as made:
        while not model.streams:
            made.ended.wait(0.001)
        assert model.streams[0].hanging.wait(PATIENCE)
    assert made.ended.is_set()
    assert model.streams[0].aborted


def test_aborting_in_the_middle_of_the_pieces_feeds_no_further_one() -> None:
    model = FakeModel(Answer(["가", "나", "다"]))
    heard = Heard()

    def feed(piece: str) -> None:
        heard.feed(piece)
        made.abort()

    fallback = ModelFallback(MODELS[:1])
    made = Generation(model, fallback, lambda _: QUESTION, 1024, lambda: heard.text, feed)
    with made:
        assert made.ended.wait(PATIENCE)
    assert heard.pieces == ["가"]


def test_aborting_ends_the_wait_for_a_throttled_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "THROTTLE_WAIT", wait_fixed(3600))
    model = FakeModel(Answer(error=Throttled()))
    made, heard = begin(model, threads=Threads(uniform=lambda _low, high: high))
    while not (model.streams and model.streams[0].closed.is_set()):
        made.ended.wait(0.001)
    made.abort()
    assert made.ended.wait(PATIENCE)
    assert (heard.text, len(model.asked)) == ("", 1)


def test_a_question_brings_exact_counts_and_a_calibration() -> None:
    earlier = [
        turn(question="안녕", answer="네", usage=Usage(60, 30), prompt_estimate=100, status="done"),
        turn(question="뭐해", answer="응", usage=Usage(0, 0), prompt_estimate=100, status="done"),
    ]
    prompt_input = PromptInput.of(turn(question="경주", mode="grammar"), earlier)
    assert (prompt_input.mode, prompt_input.question) == ("grammar", "경주")
    assert prompt_input.exchanges == [Exchange("안녕", "네", 30), Exchange("뭐해", "응", None)]
    assert prompt_input.calibration == pytest.approx(0.6)


def test_an_earlier_translation_is_described_in_the_prompt_of_a_chat() -> None:
    earlier = [turn(question="늦었어요", answer="I'm late.", status="done", mode="translate")]
    prompt_input = PromptInput.of(turn(question="더 공손하게 바꿔 줘"), earlier)
    described = describe_request("translate", "늦었어요")
    assert prompt_input.exchanges == [Exchange(described, "I'm late.", None)]
    assert prompt_input.question == "더 공손하게 바꿔 줘"

"""The generation of one answer in a thread, with as many model calls as it needs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from chat_shared.turn import MAX_ANSWER_BYTES, Turn, Usage
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    wait_exponential,
)

from chat_ws.errors import (
    ChatError,
    ContentBlocked,
    Internal,
    ModelFault,
    ModelRetired,
    ModelUnavailable,
    Throttled,
)
from chat_ws.models import ModelFallback, ModelId, prompt_room
from chat_ws.protocol import StopReason
from chat_ws.worker import prompt as prompts
from chat_ws.worker.bedrock import Model, Stream, StreamBroken
from chat_ws.worker.passages import NOTHING, Material, remove_marks
from chat_ws.worker.prompt import Exchange, Prompt
from chat_ws.worker.surrogates import join_surrogates
from chat_ws.worker.threads import THREADS, Threads

MAX_CHARACTER_BYTES = 4  # in UTF-8
CONTINUATIONS = 2  # calls that continue a broken answer
THROTTLE_TRIES = 5
THROTTLE_WAIT = wait_exponential(multiplier=0.5, max=8)  # seconds at most; the wait is random
ABORT_SECONDS = 1.0  # time for an aborted call to end and report its usage


@dataclass(frozen=True)
class PromptInput:
    """All that a prompt is made of, except the text that the model continues.

    `exchanges` are the answered ones before the question, oldest first.
    """

    mode: str
    question: str
    exchanges: Sequence[Exchange]
    calibration: float
    date: str = ""
    wish: str | None = None
    target_language: str | None = None
    instructions: str = ""
    material: Material = NOTHING
    min_context: int = 0  # of the models that may be asked

    @classmethod
    def of(cls, turn: Turn, window: Sequence[Turn], material: Material = NOTHING) -> "PromptInput":
        exchanges = [
            Exchange(
                prompts.describe_request(past.mode, past.question, past.target_language),
                remove_marks(past.answer, past.sources),
                past.usage.completion_tokens or None,
            )
            for past in window
        ]
        measured = [(past.usage.prompt_tokens, past.prompt_estimate) for past in window]
        return cls(
            turn.mode,
            turn.question,
            exchanges,
            prompts.calibrate(measured),
            prompts.describe_date(turn.mode, turn.created_at),
            turn.wish,
            turn.target_language,
            turn.instructions,
            material,
        )

    @property
    def tokens(self) -> int:
        """Return the estimated and calibrated tokens of a prompt without exchanges."""
        system = (prompts.SYSTEM["chat"], self.date, prompts.DOCUMENTS, self.instructions)
        return math.ceil(
            (sum(map(prompts.estimate, (*system, self.question))) + self.material.tokens)
            * self.calibration
        )


@dataclass
class Call:
    """A call of the model that was sent. `refused`: it failed before Bedrock streamed any text."""

    model: ModelId
    stream: Stream
    prompt_tokens: int  # our estimate
    pieces: list[str] = field(default_factory=list)
    refused: bool = False

    @property
    def billed(self) -> Usage:
        """Return the reported usage, or an estimate for an accepted call that reported none."""
        if self.refused or self.stream.usage.total:
            return self.stream.usage
        return Usage(self.prompt_tokens, prompts.estimate("".join(self.pieces)))


class Generation:
    """One answer, passed to `feed` chunk by chunk, and the thread that generates it.

    Entering starts the thread; leaving aborts it. The thread calls `prepare`, which may wait for
    `aborted`, then the model. `answer` returns the text so far, from which a broken stream is
    continued. The `chosen` model is called first, unless it cools down. With `single_call`, neither
    a broken stream nor throttling repeats the call. Once `ended` is set, `error` or `stop_reason`
    tells how; `usage`, `billed` and `prompt_estimate` are sums over all calls.
    """

    def __init__(
        self,
        model: Model,
        fallback: ModelFallback,
        prepare: Callable[["Generation"], PromptInput],
        max_gen_len: int,
        answer: Callable[[], str],
        feed: Callable[[str], None],
        threads: Threads = THREADS,
        *,
        chosen: ModelId | None = None,
        single_call: bool = False,
    ) -> None:
        self._model = model
        self._chosen = chosen
        self._fallback = fallback
        self._prepare = prepare
        self._input: PromptInput
        self.max_gen_len = max_gen_len
        self._answer = answer
        self._feed = feed
        self._threads = threads
        self._continuations, self._throttle_tries = CONTINUATIONS, THROTTLE_TRIES
        if single_call:
            self._continuations, self._throttle_tries = 0, 1
        self._stream: Stream | None = None
        self.aborted = threads.event()
        self.ended = threads.event()
        self.error: ChatError | None = None
        self.stop_reason: StopReason = "stop"
        self.model: ModelId | None = None  # of the last call
        self._own_calls: list[Call] = []
        self._parts: list[Generation] = []  # other prompts whose answers this one needs
        self._started_at = threads.clock()
        self._first_chunk_at: float | None = None
        self._last_chunk_at = 0.0

    def __enter__(self) -> Self:
        self._threads.start(self._run, "model")
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()
        self.ended.wait(ABORT_SECONDS)

    @property
    def _calls(self) -> list[Call]:
        return [*self._own_calls, *(call for part in self._parts for call in part._calls)]

    @property
    def models(self) -> Sequence[ModelId]:
        return self._fallback.models

    @property
    def target_context(self) -> int:
        """Return the context that documents are chosen for: the chosen or the largest one."""
        models = [self._chosen] if self._chosen else self.models
        return max(model.spec.context_tokens for model in models)

    @property
    def retries(self) -> int:
        return max(0, len(self._calls) - 1)

    @property
    def usage(self) -> Usage:
        return sum((call.stream.usage for call in self._calls), Usage())

    @property
    def billed(self) -> dict[ModelId, Usage]:
        """Return `usage` by model, with estimates for accepted calls that reported none."""
        billed: dict[ModelId, Usage] = {}
        for call in self._calls:
            billed[call.model] = billed.get(call.model, Usage()) + call.billed
        return {model: usage for model, usage in billed.items() if usage.total}

    @property
    def prompt_estimate(self) -> int:
        """Return our estimate of `usage.prompt_tokens`, for calibration."""
        # Calibration compares the two sums: a call without reported usage counts in neither.
        return sum(call.prompt_tokens for call in self._calls if call.stream.usage.prompt_tokens)

    @property
    def first_token_ms(self) -> int | None:
        if self._first_chunk_at is None:
            return None
        return round((self._first_chunk_at - self._started_at) * 1000)

    @property
    def tokens_per_second(self) -> float | None:
        """Return the rate from the first chunk to the last; None with fewer than two chunks."""
        if self._first_chunk_at is None or self._last_chunk_at <= self._first_chunk_at:
            return None
        return self.usage.completion_tokens / (self._last_chunk_at - self._first_chunk_at)

    def abort(self) -> None:
        """Close the model's stream; no further chunk is passed on."""
        self.aborted.set()
        if self._stream:
            self._stream.abort()
        for part in self._parts:
            part.abort()

    def ask(self, prompt_input: PromptInput, max_gen_len: int) -> str:
        """Return the answer to another prompt, which `prepare` needs; incomplete if aborted.

        Its calls count as this generation's. Several threads may ask at once. Raise a ChatError.
        """
        pieces: list[str] = []
        part = Generation(
            self._model,
            self._fallback,
            lambda _: prompt_input,
            max_gen_len,
            lambda: "".join(pieces),
            pieces.append,
            self._threads,
        )
        self._parts.append(part)
        if self.aborted.is_set():
            part.abort()
        part._run()
        self.model = part.model or self.model
        if part.error:
            raise part.error
        return "".join(pieces)

    def _run(self) -> None:
        try:
            self._input = self._prepare(self)
            self._started_at = self._threads.clock()
            self._generate()
        except ChatError as error:
            self.error = error
        except Exception as error:
            self.error = Internal()
            self.error.__cause__ = error
        finally:
            self.ended.set()

    def _generate(self) -> None:
        """Attempt the answer, and continue a broken one from its text."""
        for attempts_left in reversed(range(1 + self._continuations)):
            broken_by = self._attempt()
            if broken_by is None or self.aborted.is_set():
                return
            if not attempts_left:
                raise broken_by

    def _attempt(self) -> ChatError | None:
        """Call the first available model; return the error that broke its answer, if any.

        Throttling is retried with random waits, which `abort` ends. Raise an error that a further
        attempt would not change.
        """
        with_retries = Retrying(
            retry=retry_if_exception_type(Throttled),
            stop=stop_after_attempt(self._throttle_tries),
            wait=self._throttle_wait,
            sleep=sleep_using_event(self.aborted),
            reraise=True,
        )
        failure: ChatError = ModelUnavailable()
        for model in self._fallback.candidates(self._threads.clock(), self._rank):
            if model.spec.context_tokens < self._input.min_context:
                continue
            try:
                return with_retries(self._call, model)
            except (ModelUnavailable, ModelRetired) as error:
                self._fallback.cool_down(model, self._threads.clock())
                failure = error
        raise failure

    def _rank(self, model: ModelId) -> float:
        """Return 0 for a model whose context holds the whole material, 1 for the others.

        A summary is asked of the model with the largest context. The chosen model comes first.
        """
        if model == self._chosen:
            return -math.inf
        if self._input.mode in ("note", "summary"):
            return -model.spec.context_tokens
        if not self._input.material.passages:
            return 0
        return int(self._input.tokens > prompt_room(model.spec.context_tokens, self.max_gen_len))

    def _throttle_wait(self, state: RetryCallState) -> float:
        return self._threads.uniform(0, THROTTLE_WAIT(state))

    def _call(self, model: ModelId) -> ChatError | None:
        """Pass on the chunks of one model call, until the answer has MAX_ANSWER_BYTES.

        Return the error that broke the stream: a fault of the model, or any error after some text.
        Raise other errors.
        """
        if self.aborted.is_set():
            return None
        prompt = self._build_prompt(model)
        room = MAX_ANSWER_BYTES - len(prompt.prefill.encode())
        if room < MAX_CHARACTER_BYTES:
            self.stop_reason = "length"
            return None
        self._stream = stream = self._model.stream(model, prompt, self.max_gen_len)
        self.model = model
        if self.aborted.is_set():
            return None
        call = Call(model, stream, prompt.tokens)
        self._own_calls.append(call)
        try:
            for chunk in join_surrogates(stream):
                if self.aborted.is_set():
                    return None
                self._time_chunk()
                fitting = chunk.encode()[:room].decode(errors="ignore")
                call.pieces.append(fitting)
                self._feed(fitting)
                room -= len(fitting.encode())
                if fitting != chunk:
                    self.stop_reason = "length"
                    return None
            self.stop_reason = stream.stop_reason
        except ChatError as error:
            call.refused = not call.pieces and not isinstance(error, StreamBroken)
            if isinstance(error, ContentBlocked):
                raise
            if call.pieces or isinstance(error, ModelFault):
                return error
            raise
        return None

    def _time_chunk(self) -> None:
        self._last_chunk_at = self._threads.clock()
        if self._first_chunk_at is None:
            self._first_chunk_at = self._last_chunk_at

    def _build_prompt(self, model: ModelId) -> Prompt:
        return prompts.build(
            self._input.mode,
            self._input.exchanges,
            self._input.question,
            target_language=self._input.target_language,
            date=self._input.date,
            budget=model.spec.context_tokens - self.max_gen_len,
            calibration=self._input.calibration,
            prefill=self._answer(),
            wish=self._input.wish,
            instructions=self._input.instructions,
            passages=self._input.material.passages,
            notice=self._input.material.notice,
            reserve=self.max_gen_len,
        )

"""Makes one answer out of as many model calls as it takes, in a thread of its own."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat_shared.turn import Turn, Usage
from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    wait_random_exponential,
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
from chat_ws.models import Roster, context_tokens
from chat_ws.protocol import StopReason
from chat_ws.worker import prompt as prompts
from chat_ws.worker.bedrock import Model, Stream, StreamBroken
from chat_ws.worker.prompt import Exchange, Prompt

CONTINUATIONS = 2  # after a fault of the model, be it in the middle of its answer
THROTTLE_TRIES = 5
THROTTLE_WAIT = wait_random_exponential(multiplier=0.5, max=8)  # seconds


@dataclass(frozen=True)
class Question:
    """What is asked, and what the model may know of the conversation (oldest first)."""

    mode: str
    text: str
    exchanges: Sequence[Exchange]
    calibration: float

    @classmethod
    def of(cls, turn: Turn, earlier: Sequence[Turn]) -> "Question":
        exchanges = [
            Exchange(past.text, past.answer, past.usage.completion_tokens or None)
            for past in earlier
        ]
        measured = [(past.usage.prompt_tokens, past.prompt_estimate) for past in earlier]
        return cls(turn.mode, turn.text, exchanges, prompts.calibrate(measured))


class Generation:
    """Feeds the answer's pieces to `feed` until it is whole, broken for good, or aborted.

    `text` gives the answer so far, from which a broken stream goes on. After `ended` is set, either
    `error` or `stop_reason` says how; usage and estimate are sums over the calls.
    """

    def __init__(
        self,
        model: Model,
        roster: Roster,
        question: Question,
        max_gen_len: int,
        text: Callable[[], str],
        feed: Callable[[str], None],
    ) -> None:
        self._model = model
        self._roster = roster
        self._question = question
        self._max_gen_len = max_gen_len
        self._text = text
        self._feed = feed
        self._stream: Stream | None = None
        self._aborted = threading.Event()
        self.ended = threading.Event()
        self.error: ChatError | None = None
        self.stop_reason: StopReason = "stop"
        self.model_id: str | None = None
        self.usage = Usage()
        self.prompt_estimate = 0
        self.first_token_ms: int | None = None
        self.calls = 0
        self._started = time.monotonic()
        self._said: tuple[float, float] | None = None  # when the first and the last piece came
        threading.Thread(target=self._run, name="model", daemon=True).start()

    @property
    def retries(self) -> int:
        return max(0, self.calls - 1)

    @property
    def tokens_per_second(self) -> float | None:
        """From the first piece to the last; None for an answer of one piece, or of none."""
        first, last = self._said or (0.0, 0.0)
        return self.usage.completion_tokens / (last - first) if last > first else None

    def abort(self) -> None:
        """Nothing is fed from now on; the model's stream is closed."""
        self._aborted.set()
        if self._stream:
            self._stream.abort()

    def _run(self) -> None:
        try:
            self._whole()
        except ChatError as error:
            self.error = error
        except Exception as error:
            self.error = Internal()
            self.error.__cause__ = error
        finally:
            self.ended.set()

    def _whole(self) -> None:
        for tries_left in reversed(range(CONTINUATIONS + 1)):
            try:
                self._once()
            except ModelFault as fault:
                if self._aborted.is_set():
                    return
                if tries_left:
                    continue
                if isinstance(fault.__cause__, ChatError):
                    # What broke the stream says more than that it broke.
                    raise fault.__cause__ from fault.__cause__.__cause__
                raise
            else:
                return

    def _once(self) -> None:
        """One model call that gives text; before that, the next model where one cannot be had."""
        failure: ChatError = ModelUnavailable()
        for model_id in self._roster.order(time.monotonic()):
            try:
                return self._patiently(model_id)
            except (ModelUnavailable, ModelRetired) as error:
                self._roster.set_aside(model_id, time.monotonic())
                failure = error
        raise failure

    def _patiently(self, model_id: str) -> None:
        """Throttling before the first text is waited out; abort ends the waiting."""
        Retrying(
            retry=retry_if_exception_type(Throttled),
            stop=stop_after_attempt(THROTTLE_TRIES),
            wait=THROTTLE_WAIT,
            sleep=sleep_using_event(self._aborted),
            reraise=True,
        )(self._call, model_id)

    def _call(self, model_id: str) -> None:
        if self._aborted.is_set():
            return
        prompt = self._prompt(model_id)
        self.calls += 1
        self._stream = stream = self._model.stream(model_id, prompt)
        self.model_id, said = model_id, False
        if self._aborted.is_set():
            return
        try:
            for piece in stream:
                if self._aborted.is_set():
                    return
                now = time.monotonic()
                self._said = (self._said[0] if self._said else now, now)
                if self.first_token_ms is None:
                    self.first_token_ms = round((now - self._started) * 1000)
                said = True
                self._feed(piece)
            self.stop_reason = stream.stop_reason
        except ChatError as error:
            if not said or isinstance(error, ContentBlocked):
                raise
            # Once there is text, every failure is a broken stream, to be continued from there.
            raise StreamBroken from error
        finally:
            self.usage += stream.usage
            # Calibration compares the two: a call that reported nothing counts on neither side.
            if stream.usage.prompt_tokens:
                self.prompt_estimate += prompt.tokens

    def _prompt(self, model_id: str) -> Prompt:
        return prompts.build(
            self._question.mode,
            self._question.exchanges,
            self._question.text,
            budget=context_tokens(model_id) - self._max_gen_len,
            calibration=self._question.calibration,
            prefill=self._text(),
        )

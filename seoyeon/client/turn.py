"""The client's state of a turn, as docs/protocol.md ("Client behaviour") describes it."""

from dataclasses import dataclass
from typing import Any, Literal

Frame = dict[str, Any]

# Seconds without a frame before request number 1, 2, … of the turn's state. The lease of a crashed
# run expires 2 to 3 s after the crash; before the first text, a model may need long.
_IN_ANSWER = (2.2, 0.5, 0.5, 1.0, 2.0, 4.0)
_SILENCE = 10.0
_BUSY_SILENCE = 2.0
_BUSY_REPEATS = 4


@dataclass(frozen=True)
class Accepted:
    request_id: str
    conversation_id: str
    turn_id: str | None
    parent: str | None


@dataclass(frozen=True)
class Progress:
    """The answer has not begun: `done` of `total` documents are read, or notes written."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Text:
    """The answer so far. `delta` is its new end, or None if the text before has changed, too."""

    text: str
    delta: str | None


@dataclass(frozen=True)
class Interrupted:
    """The connection is lost. The client connects again and requests the answer so far."""


@dataclass(frozen=True)
class Done:
    """The end of an answer, with the fields of the frame `done`."""

    text: str
    stop_reason: str
    usage: dict[str, int]
    model_id: str | None
    turn_id: str | None
    sources: list[dict[str, Any]]


@dataclass(frozen=True)
class Failed:
    """A refused question, or the end of a turn whose answer, `text`, is not complete."""

    text: str
    code: str
    message: str
    retryable: bool


Event = Accepted | Progress | Text | Interrupted | Done | Failed
GAP: Literal["gap"] = "gap"


class Turn:
    """A question and its answer. `chat` is the frame that asks it; None if the server has it."""

    def __init__(self, request_id: str, chat: Frame | None = None) -> None:
        self.request_id = request_id
        self.requests = 0  # of the turn's state since its last frame
        self.is_stopping = False
        self._chat = chat
        self._is_known = chat is None
        self._busy = 0
        self._text = ""
        self._at = (0, 0)  # run and seq of the text

    @property
    def request_frames(self) -> list[Frame]:
        """Return the frames that make the server accept the turn or send its state."""
        resume = {"action": "resume", "request_id": self.request_id}
        frames = [resume if self._is_known or self._chat is None else self._chat]
        if self.is_stopping:
            frames.append({"action": "stop", "request_id": self.request_id})
        return frames

    @property
    def silence(self) -> float:
        """Return the seconds without a frame after which the state is requested."""
        if self._busy and not self._is_known:
            return _BUSY_SILENCE * self._busy
        delays = _IN_ANSWER if self._text else ()
        return delays[self.requests] if self.requests < len(delays) else _SILENCE

    def receive(self, frame: Frame) -> Event | Literal["gap"] | None:
        """Apply a frame of this turn. Return GAP if frames are missing, None if nothing changed."""
        match frame["type"]:
            case "accepted":
                return self._accept(frame)
            case "progress" if frame["run"] >= self._at[0]:
                self._hear()
                return Progress(frame["stage"], frame["done"], frame["total"])
            case "delta":
                return self._append(frame)
            case "snapshot":
                return self._replace(frame)
            case "done":
                return self._finish(frame)
            case "failed":
                return self._fail(frame)
        return None

    def _hear(self) -> None:
        self._is_known = True
        self.requests = 0

    def _accept(self, frame: Frame) -> Accepted:
        self._hear()
        return Accepted(
            frame["request_id"],
            frame["conversation_id"],
            frame.get("turn_id"),
            frame.get("parent"),
        )

    def _append(self, frame: Frame) -> Text | Literal["gap"] | None:
        at = frame["run"], frame["seq"]
        if at <= self._at:
            return None
        if at != (self._at[0], self._at[1] + 1) and not self._begins(at, seq=1):
            return GAP
        return self._move(at, self._text + frame["text"])

    def _replace(self, frame: Frame) -> Text | None:
        at = frame["run"], frame["seq"]
        return self._move(at, frame["text"]) if at >= self._at else None

    def _move(self, at: tuple[int, int], text: str) -> Text | None:
        self._hear()
        before, self._text, self._at = self._text, text, at
        if text == before:
            return None
        return Text(text, text[len(before) :] if text.startswith(before) else None)

    def _finish(self, frame: Frame) -> Done | Literal["gap"] | None:
        at = frame["run"], frame["seq"]
        if at < self._at:
            return None
        if at != self._at and not self._begins(at, seq=0):
            return GAP
        return Done(
            self._text,
            frame["stop_reason"],
            frame["usage"],
            frame["model_id"],
            frame.get("turn_id"),
            frame.get("sources", []),
        )

    def _begins(self, at: tuple[int, int], *, seq: int) -> bool:
        return self._at == (0, 0) and at == (1, seq)

    def _fail(self, frame: Frame) -> Failed | None:
        # The turn may be stored nevertheless; the same frame, sent again, is the same question.
        if frame["code"] == "busy" and (self._is_known or self._busy < _BUSY_REPEATS):
            self._busy += 1
            return None
        return Failed(self._text, frame["code"], frame["message"], frame["retryable"])

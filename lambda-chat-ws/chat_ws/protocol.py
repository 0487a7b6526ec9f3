"""The frames of `chat.v1`, as docs/protocol.md specifies them.

The parser validates every field that it knows, and ignores the others; the code behind it relies on
that.
"""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, get_args

from chat_shared.keys import ROOT, is_turn_id
from chat_shared.turn import Source

from chat_ws.errors import MAX_QUESTION_CHARACTERS, BadRequest, ChatError, TooLarge

Mode = Literal["chat", "translate", "grammar", "summary"]
Wish = Literal["shorter", "longer", "simpler", "politer"]
TargetLanguage = Literal["ko", "en"]
StopReason = Literal["stop", "length", "cancelled", "deadline"]
Stage = Literal["reading", "noting"]

MAX_FRAME_BYTES = 32 * 1024  # API Gateway closes the socket (1009) above it
# Text in one server frame: below 32 KB even with 3 bytes for each (Hangul) or escaped by JSON.
MAX_FRAME_CHARACTERS = 5_000
MAX_RUN = 2**31 - 1
MAX_MODEL_CHARACTERS = 100
MODEL = re.compile(r"[a-z0-9-]+\.[A-Za-z0-9._:-]+")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Chat:
    """`parent` is the turn that the question follows, ROOT for a first question; None: the head.

    `variant_of` is the turn that is asked again or changed, another one with this parent. `model`
    is the id of the chosen model, deployed or not; None: no choice.
    """

    request_id: str
    conversation_id: str
    question: str
    mode: Mode = "chat"
    parent: str | None = None
    variant_of: str | None = None
    wish: Wish | None = None
    target_language: TargetLanguage | None = None  # None: by the language of the question
    temporary: bool = False
    model: str | None = None


@dataclass(frozen=True)
class Stop:
    request_id: str


@dataclass(frozen=True)
class Resume:
    request_id: str


@dataclass(frozen=True)
class Continue:
    """`run` is the run whose end the client saw; None from a client that does not send it."""

    request_id: str
    run: int | None = None


@dataclass(frozen=True)
class Ping:
    pass


ClientFrame = Chat | Stop | Resume | Continue | Ping
# The features in config.json, named as docs/protocol.md describes.
FEATURES = (
    "chat.parent",
    "chat.variant_of",
    "chat.wish",
    "chat.target_language",
    "chat.temporary",
    "chat.model",
    "continue.run",
    *(f"mode.{mode}" for mode in get_args(Mode)),
)


class Malformed(Exception):
    """A frame that the protocol does not allow. `request_id` is None if it could not be read."""

    def __init__(self, error: ChatError, request_id: str | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.request_id = request_id


def parse(body: str) -> ClientFrame:
    """Parse a client's frame; raise Malformed for anything else."""
    if len(body.encode("utf-8", "surrogatepass")) > MAX_FRAME_BYTES:
        raise Malformed(TooLarge())
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed(BadRequest()) from None
    if not isinstance(fields, dict):
        raise Malformed(BadRequest())
    request_id = _uuid(fields.get("request_id"))
    try:
        return _frame(fields)
    except ChatError as error:
        raise Malformed(error, request_id) from None


def _frame(fields: dict[str, Any]) -> ClientFrame:
    action = fields.get("action")
    if action == "ping":
        return Ping()
    request_id = _uuid(fields.get("request_id"))
    if request_id is None:
        raise BadRequest
    match action:
        case "chat":
            return _chat(request_id, fields)
        case "stop":
            return Stop(request_id)
        case "resume":
            return Resume(request_id)
        case "continue":
            return Continue(request_id, _run(fields.get("run")))
    raise BadRequest


def _chat(request_id: str, fields: dict[str, Any]) -> Chat:
    conversation_id, mode = _uuid(fields.get("conversation_id")), fields.get("mode", "chat")
    wish = fields.get("wish")
    if conversation_id is None or mode not in get_args(Mode) or wish not in (None, *get_args(Wish)):
        raise BadRequest
    if "temporary" in fields and fields["temporary"] is not True:
        raise BadRequest
    parent = ROOT if fields.get("parent") == ROOT else _turn_id(fields.get("parent"))
    variant_of = _turn_id(fields.get("variant_of"))
    if variant_of and not parent:
        raise BadRequest
    return Chat(
        request_id,
        conversation_id,
        _question(fields.get("text")),
        mode,
        parent,
        variant_of,
        wish,
        _target_language(fields.get("target_language"), mode),
        temporary="temporary" in fields,
        model=_model(fields.get("model")),
    )


def _model(value: object) -> str | None:
    """Check the form of a model id only: the chosen model may not be deployed any more."""
    if value is None:
        return None
    if not isinstance(value, str) or not MODEL.fullmatch(value):
        raise BadRequest
    if len(value) > MAX_MODEL_CHARACTERS:
        raise BadRequest
    return value


def _target_language(value: Any, mode: Mode) -> TargetLanguage | None:
    if value is None:
        return None
    if mode != "translate" or value not in get_args(TargetLanguage):
        raise BadRequest
    language: TargetLanguage = value
    return language


def _uuid(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and UUID.fullmatch(value) else None


def _turn_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_turn_id(value):
        raise BadRequest
    return value


def _run(value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 1 <= value <= MAX_RUN:
        raise BadRequest
    return value


def _question(value: object) -> str:
    """Validate and normalise to NFC: macOS may send Hangul syllables decomposed into letters."""
    if not isinstance(value, str) or not value.strip():
        raise BadRequest
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadRequest
    question = unicodedata.normalize("NFC", value)
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise TooLarge
    return question


@dataclass(frozen=True)
class Accepted:
    type: ClassVar[str] = "accepted"
    request_id: str
    conversation_id: str
    created_at: str
    turn_id: str
    parent: str | None  # None for a turn from before branches


@dataclass(frozen=True)
class Delta:
    """The next part of the answer; `seq` counts the deltas of a run from 1."""

    type: ClassVar[str] = "delta"
    request_id: str
    run: int
    seq: int
    text: str


@dataclass(frozen=True)
class Snapshot:
    """The answer after delta `seq`; `seq` 0 is the answer as the run began."""

    type: ClassVar[str] = "snapshot"
    request_id: str
    run: int
    seq: int
    text: str


@dataclass(frozen=True)
class Done:
    """The end of an answer; `seq` is the last delta's, so that a client notices a missing one."""

    type: ClassVar[str] = "done"
    request_id: str
    run: int
    seq: int
    stop_reason: str
    usage: dict[str, int]
    model_id: str | None
    turn_id: str
    sources: tuple[Source, ...] = ()  # by `n`


@dataclass(frozen=True)
class Failed:
    type: ClassVar[str] = "failed"
    request_id: str | None
    code: str
    message: str
    retryable: bool

    @classmethod
    def of(cls, error: ChatError, request_id: str | None) -> "Failed":
        return cls(request_id, error.code, error.message, error.retryable)


@dataclass(frozen=True)
class Progress:
    """The progress of a run before its answer: `done` of `total` documents or notes."""

    type: ClassVar[str] = "progress"
    request_id: str
    run: int
    stage: Stage
    done: int
    total: int


@dataclass(frozen=True)
class Title:
    """The title that the model has given to a conversation, after the first answer's `done`."""

    type: ClassVar[str] = "title"
    conversation_id: str
    title: str


@dataclass(frozen=True)
class Pong:
    type: ClassVar[str] = "pong"


ServerFrame = Accepted | Delta | Snapshot | Progress | Done | Failed | Title | Pong


def snapshot_frames(request_id: str, run: int, seq: int, answer: str) -> list[Snapshot | Delta]:
    """Return the answer after delta `seq`: a snapshot, and deltas for the rest of a long answer.

    A split snapshot takes a new `seq`; with the old one, a `done` already in flight would make the
    first part look complete.
    """
    beginning, rest = answer[:MAX_FRAME_CHARACTERS], answer[MAX_FRAME_CHARACTERS:]
    seq += bool(rest)
    return [Snapshot(request_id, run, seq, beginning), *delta_frames(request_id, run, seq, rest)]


def delta_frames(request_id: str, run: int, seq: int, text: str) -> list[Delta]:
    """Split `text` into the deltas that follow delta `seq`."""
    starts = range(0, len(text), MAX_FRAME_CHARACTERS)
    return [
        Delta(request_id, run, number, text[start : start + MAX_FRAME_CHARACTERS])
        for number, start in enumerate(starts, start=seq + 1)
    ]


def encode(frame: ServerFrame) -> str:
    """Return the frame as JSON. Unescaped, Korean text is half as long."""
    fields = {"type": frame.type, **asdict(frame)}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

"""Frames of `chat.v1`: the parser doubts what a client sends, everything behind it need not.

The contract with all its promises is docs/protocol.md.
"""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, get_args

from chat_ws.errors import BadRequest, ChatError, TooLarge

Mode = Literal["chat", "translate", "grammar"]
StopReason = Literal["stop", "length", "cancelled", "deadline"]

MAX_FRAME_BYTES = 32 * 1024  # API Gateway closes the socket (1009) above it
MAX_TEXT_LENGTH = 8_000  # Unicode code points after NFC
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Chat:
    request_id: str
    conversation_id: str
    text: str
    mode: Mode = "chat"


@dataclass(frozen=True)
class Stop:
    request_id: str


@dataclass(frozen=True)
class Resume:
    request_id: str


@dataclass(frozen=True)
class Continue:
    request_id: str


@dataclass(frozen=True)
class Ping:
    pass


ClientFrame = Chat | Stop | Resume | Continue | Ping
FIELDS = {
    "chat": {"request_id", "conversation_id", "text", "mode"},
    "stop": {"request_id"},
    "resume": {"request_id"},
    "continue": {"request_id"},
    "ping": set(),
}


class Malformed(Exception):
    """The client's fault. `request_id` is given where it could be read, so that it can be told."""

    def __init__(self, error: ChatError, request_id: str | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.request_id = request_id


def parse(body: str) -> ClientFrame:
    """Reads a client's frame; raises Malformed for anything that is not exactly one."""
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
    action = fields.pop("action", None)
    known = FIELDS.get(action) if isinstance(action, str) else None
    if known is None or not fields.keys() <= known:
        raise BadRequest
    if action == "ping":
        return Ping()
    request_id = _uuid(fields.get("request_id"))
    if request_id is None:
        raise BadRequest
    match action:
        case "stop":
            return Stop(request_id)
        case "resume":
            return Resume(request_id)
        case "continue":
            return Continue(request_id)
    conversation_id, mode = _uuid(fields.get("conversation_id")), fields.get("mode", "chat")
    if conversation_id is None or mode not in get_args(Mode):
        raise BadRequest
    return Chat(request_id, conversation_id, _text(fields.get("text")), mode)


def _uuid(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and UUID.fullmatch(value) else None


def _text(value: object) -> str:
    """NFC, since text from macOS may come with its syllables decomposed into letters."""
    if not isinstance(value, str) or not value.strip():
        raise BadRequest
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadRequest
    text = unicodedata.normalize("NFC", value)
    if len(text) > MAX_TEXT_LENGTH:
        raise TooLarge
    return text


@dataclass(frozen=True)
class Accepted:
    type: ClassVar[str] = "accepted"
    request_id: str
    conversation_id: str
    created_at: str


@dataclass(frozen=True)
class Delta:
    """The next piece; `seq` counts the deltas of a run from 1."""

    type: ClassVar[str] = "delta"
    request_id: str
    run: int
    seq: int
    text: str


@dataclass(frozen=True)
class Snapshot:
    """The whole answer as it stood after delta `seq` (0: as the run began)."""

    type: ClassVar[str] = "snapshot"
    request_id: str
    run: int
    seq: int
    text: str


@dataclass(frozen=True)
class Done:
    """`seq` is that of the last delta, so that a client sees whether it has them all."""

    type: ClassVar[str] = "done"
    request_id: str
    run: int
    seq: int
    stop_reason: str
    usage: dict[str, int]
    model_id: str | None


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
class Pong:
    type: ClassVar[str] = "pong"


ServerFrame = Accepted | Delta | Snapshot | Done | Failed | Pong


def encode(frame: ServerFrame) -> str:
    """One JSON text frame; Korean stays readable (and half as long) without `\\u` escapes."""
    fields = {"type": frame.type, **asdict(frame)}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

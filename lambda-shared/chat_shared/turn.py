"""A turn: one question and its answer, as an object and as a DynamoDB item."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Literal

from chat_shared import keys

Status = Literal["streaming", "done", "failed"]

# Fields that are stored under another name.
STORED_NAMES = {"turn_id": "sk", "question": "text"}
# Stored even with their default value: conditions compare them, and fail on a missing attribute.
COMPARED = {"status", "run", "lease_until"}
# UTF-8 bytes of an answer. An item of DynamoDB holds 400 KB; a question takes up to 32 KB of them,
# instructions up to 6 KB, passages and sources up to 35 KB, a rating up to 2 KB.
MAX_ANSWER_BYTES = 320 * 1024
TITLE_LENGTH = 40  # characters of the first question that become the conversation's title


@dataclass(frozen=True)
class Usage:
    """Tokens as the model's provider counts and bills them, summed over a turn's runs."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    @property
    def total(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def as_dict(self) -> dict[str, int]:
        return {**asdict(self), "total_tokens": self.total}


@dataclass(frozen=True)
class Source:
    """A passage of a document that an answer cites as `[n]`; `text` is its beginning.

    `part` is the index of the passage in the document's parts, `unit` and `unit_name` its place.
    """

    n: int
    document_id: str
    name: str  # of the document
    unit: str
    unit_name: str
    part: int
    text: str

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Source":
        return cls(**{**item, "n": int(item["n"]), "part": int(item["part"])})


@dataclass(frozen=True)
class Turn:
    """A question, its answer so far, and the state of its run.

    `lease_until` and `expires_at` are in seconds since the epoch, `created_at` is ISO 8601 in UTC.
    """

    user_id: str
    conversation_id: str
    turn_id: str
    request_id: str
    mode: str
    question: str
    created_at: str
    parent: str | None = None  # turn that it follows, or ROOT; None: the one before in the branch
    wish: str | None = None
    status: Status = "streaming"
    answer: str = ""
    run: int = 0
    seq: int = 0  # of the last run's last delta; stored when the run ends
    lease_until: float = 0.0
    pending: bool = False  # the lease is reserved for a worker that has not started yet
    connection_id: str = ""
    resumes: int = 0  # number of `resume` frames
    stop_requested: bool = False
    stop_reason: str | None = None
    code: str | None = None
    usage: Usage = Usage()
    prompt_estimate: int = 0  # our estimate of usage.prompt_tokens, for calibration
    model: str | None = None  # the user's choice; `model_id` is the one that answered
    model_id: str | None = None
    target_language: str | None = None  # of a translation; None: by the language of the question
    instructions: str = ""  # the user's, as in the prompt that began `answer`
    passages: tuple[str, ...] = ()  # of documents, in that prompt: see chat_ws.worker.passages
    sources: tuple[Source, ...] = ()  # the passages that `answer` cites, by `n`
    rating: str | None = None  # the user's thumb: `up` or `down`
    rating_text: str = ""
    rating_shared: bool = False  # whether the operator may read question and answer
    expires_at: int = 0

    @property
    def key(self) -> dict[str, str]:
        return keys.turn(self.user_id, self.conversation_id, self.turn_id)

    def to_item(self) -> dict[str, Any]:
        """Return the DynamoDB item, without attributes that have their default value."""
        stored = {
            STORED_NAMES.get(field.name, field.name): to_attribute(getattr(self, field.name))
            for field in fields(self)
            if field.name in COMPARED or getattr(self, field.name) != field.default
        }
        return stored | self.key

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Turn":
        """Read an item as boto3's resource returns it: numbers are Decimal."""
        values = {}
        for field in fields(cls):
            value = item.get(STORED_NAMES.get(field.name, field.name))
            if value is not None:
                values[field.name] = _from_attribute(value, field.default)
        return cls(**values)


def to_attribute(value: Any) -> Any:
    """Return a value in a type that DynamoDB can store; times are rounded to milliseconds."""
    match value:
        case float():
            return Decimal(f"{value:.3f}")
        case Usage() | Source():
            return asdict(value)
        case tuple():
            return [to_attribute(each) for each in value]
    return value


def _from_attribute(value: Any, default: object) -> Any:
    match default:
        case Usage():
            return Usage(**{name: int(tokens) for name, tokens in value.items()})
        case bool() | int() | float():
            return type(default)(value)
        case tuple():
            return tuple(
                Source.from_item(each) if isinstance(each, Mapping) else each for each in value
            )
    return value


def question_title(question: str) -> str:
    """Return a conversation's title: the beginning of its first question, on one line."""
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[:TITLE_LENGTH].rstrip()}…"

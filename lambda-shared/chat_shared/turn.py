"""A turn as it is stored: one question, and its answer as far as it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["streaming", "done", "failed"]


@dataclass(frozen=True)
class Usage:
    """Tokens as the model's provider counts (and bills) them, summed over a turn's runs."""

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
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total,
        }


@dataclass(frozen=True)
class Turn:
    """Times ending in `_until` are seconds since the epoch, `created_at` is ISO 8601 in UTC."""

    user_id: str
    conversation_id: str
    turn_id: str
    request_id: str
    mode: str
    text: str
    created_at: str
    status: Status = "streaming"
    answer: str = ""
    run: int = 0
    seq: int = 0  # deltas of the last run, known once it has ended
    lease_until: float = 0.0
    connection_id: str = ""
    resumes: int = 0  # how often a client asked where the stream stands
    stop_requested: bool = False
    stop_reason: str | None = None
    code: str | None = None
    usage: Usage = Usage()
    prompt_estimate: int = 0  # our own count of the tokens that usage.prompt_tokens reports
    model_id: str | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Turn":
        """From a DynamoDB item as boto3's resource gives it (numbers are Decimal)."""
        usage = item.get("usage") or {}
        return cls(
            user_id=item["user_id"],
            conversation_id=item["conversation_id"],
            turn_id=item["sk"],
            request_id=item["request_id"],
            mode=item["mode"],
            text=item["text"],
            created_at=item["created_at"],
            status=item["status"],
            answer=item.get("answer", ""),
            run=int(item.get("run", 0)),
            seq=int(item.get("seq", 0)),
            lease_until=float(item.get("lease_until", 0)),
            connection_id=item.get("connection_id", ""),
            resumes=int(item.get("resumes", 0)),
            stop_requested=bool(item.get("stop_requested", False)),
            stop_reason=item.get("stop_reason"),
            code=item.get("code"),
            usage=Usage(int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))),
            prompt_estimate=int(item.get("prompt_estimate", 0)),
            model_id=item.get("model_id"),
        )

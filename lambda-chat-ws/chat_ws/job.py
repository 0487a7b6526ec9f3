"""What the routes function asks of the worker: the payload of an asynchronous invoke."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from chat_shared.turn import Turn


@dataclass(frozen=True)
class Job:
    """`run` a turn, `replay` one that has ended to `connection_id`, or just `warm_up`."""

    kind: Literal["run", "replay", "warm_up"]
    user_id: str = ""
    conversation_id: str = ""
    turn_id: str = ""
    connection_id: str = ""

    @classmethod
    def on(cls, turn: Turn, kind: Literal["run", "replay"], connection_id: str) -> "Job":
        return cls(kind, turn.user_id, turn.conversation_id, turn.turn_id, connection_id)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "Job":
        return cls(**payload)

    def payload(self) -> dict[str, str]:
        return asdict(self)

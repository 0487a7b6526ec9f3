"""The payload of the routes function's asynchronous invoke of the worker."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from chat_shared import keys
from chat_shared.turn import Turn


@dataclass(frozen=True)
class Job:
    """An order to `run` a turn, to `replay` an ended one to `connection_id`, or to `warm_up`."""

    kind: Literal["run", "replay", "warm_up"]
    user_id: str = ""
    conversation_id: str = ""
    turn_id: str = ""
    connection_id: str = ""
    mode: str = "chat"
    parent: str = ""  # of a turn outside of the first branch

    @classmethod
    def on(cls, turn: Turn, kind: Literal["run", "replay"], connection_id: str) -> "Job":
        return cls(
            kind,
            turn.user_id,
            turn.conversation_id,
            turn.turn_id,
            connection_id,
            turn.mode,
            (turn.parent or "") if keys.branch_of(turn.turn_id) else "",
        )

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "Job":
        return cls(**payload)

    def payload(self) -> dict[str, str]:
        payload = asdict(self)
        # Workers of earlier versions accept neither.
        if self.mode == "chat":
            del payload["mode"]
        if not self.parent:
            del payload["parent"]
        return payload

    @property
    def turn_key(self) -> dict[str, str]:
        return keys.turn(self.user_id, self.conversation_id, self.turn_id)

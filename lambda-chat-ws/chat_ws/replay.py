"""How a turn that has ended is told to a client."""

from contextlib import suppress
from dataclasses import replace

from chat_shared.turn import Turn

from chat_ws.connection import Connections, Gone
from chat_ws.errors import by_code
from chat_ws.protocol import Done, Failed, ServerFrame
from chat_ws.worker.relay import snapshot


def last_frame(turn: Turn) -> ServerFrame:
    """The one frame that ends a turn, as the store has it."""
    if turn.status == "failed":
        return Failed.of(by_code(turn.code), turn.request_id)
    return Done(
        turn.request_id,
        turn.run,
        turn.seq,
        turn.stop_reason or "stop",
        turn.usage.as_dict(),
        turn.model_id,
    )


def replay(connections: Connections, turn: Turn, connection_id: str) -> None:
    """All of it, from the store; a client that is gone will ask for it."""
    told = snapshot(turn.request_id, turn.run, turn.seq, turn.answer)
    last = last_frame(replace(turn, seq=told[-1].seq))
    with suppress(Gone):
        for frame in (*told, last):
            connections.post(connection_id, frame)

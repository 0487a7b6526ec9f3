"""The replay of an ended turn: its stored answer and its terminal frame."""

from contextlib import suppress
from dataclasses import replace

from chat_shared.turn import Turn

from chat_ws.connection import Connections, Gone
from chat_ws.errors import by_code
from chat_ws.protocol import Done, Failed, ServerFrame, snapshot_frames


def terminal_frame(turn: Turn) -> ServerFrame:
    """Return the `done` or `failed` frame of an ended turn."""
    if turn.status == "failed":
        return Failed.of(by_code(turn.code), turn.request_id)
    return Done(
        turn.request_id,
        turn.run,
        turn.seq,
        turn.stop_reason or "stop",
        turn.usage.as_dict(),
        turn.model_id,
        turn.turn_id,
        turn.sources,
    )


def replay_turn(connections: Connections, turn: Turn, connection_id: str) -> None:
    """Send the stored answer and the terminal frame; stop if the client is gone."""
    frames = snapshot_frames(turn.request_id, turn.run, turn.seq, turn.answer)
    terminal = terminal_frame(replace(turn, seq=frames[-1].seq))
    with suppress(Gone):
        for frame in (*frames, terminal):
            connections.post(connection_id, frame)

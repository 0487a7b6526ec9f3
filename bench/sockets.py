"""The time to the first text when many sockets ask at once, with forked processes and new ones.

Run: `python -m bench.sockets [--count 60] [--sentences 24]`. Each local stack
has the scripted model, and at first the processes that its start and `$connect` have warmed up.
"""

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import cast

import aiohttp
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

ROOT = Path(__file__).parents[1]
MODES = {"new": "0", "forked": "1"}
SENTENCE = "대릉원을 천천히 걸어 보세요. "  # 0.2 s
ROWS = ("first text, p50, s", "p95, s", "maximum, s", "last end, s", "memory of processes, MB")


@asynccontextmanager
async def run_stack(state_dir: Path, fork: str) -> AsyncIterator[str]:
    """Run the local stack and yield the URL of its WebSocket."""
    settings = {"LLM": "scripted", "PORT": "0", "STATE_DIR": str(state_dir)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "seoyeon", "run"),
        cwd=ROOT,
        env={**os.environ, **settings, "FORK_FUNCTIONS": fork},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async for line in cast("asyncio.StreamReader", process.stdout):
            if line.startswith(b"Ready: "):
                yield f"ws://localhost:{int(line.rpartition(b':')[2])}/ws"
                return
        raise SystemExit("bench: the stack has not started; see above.")
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def ask(client: ClientConnection, start: asyncio.Barrier) -> tuple[float, float]:
    """Return the seconds until the first text and until the end."""
    ids = {"request_id": str(uuid.uuid4()), "conversation_id": str(uuid.uuid4())}
    await start.wait()
    asked = time.monotonic()
    await client.send(json.dumps({"action": "chat", "text": "경주", **ids}))
    first = 0.0
    async for message in client:
        frame = json.loads(message)
        if frame["type"] in ("delta", "snapshot"):
            first = first or time.monotonic() - asked
        elif frame["type"] == "done":
            return first, time.monotonic() - asked
        elif frame["type"] == "failed":
            raise SystemExit(f"bench: a turn has failed: {frame}")
    raise SystemExit("bench: a socket has been closed.")


async def measure(count: int, answer: str, state_dir: Path, fork: str) -> list[float]:
    """Return the values of ROWS."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(run_stack(state_dir, fork))
        port = json.loads((state_dir / "run.json").read_text())["bedrock_port"]
        plan = f"http://127.0.0.1:{port}/_scripted/plan"
        replies = [{"answer": answer, "delay_ms": 25}] * count
        async with aiohttp.ClientSession() as session, session.put(plan, json=replies):
            pass
        start, clients = asyncio.Barrier(count), []
        for _ in range(count):
            bearer = Subprotocol(f"bearer.{secrets.token_urlsafe(32)}")
            opened = connect(url, subprotocols=[Subprotocol("chat.v1"), bearer], proxy=None)
            clients.append(await stack.enter_async_context(opened))
        results = await asyncio.gather(*(ask(client, start) for client in clients))
        firsts = sorted(first for first, _ in results)
        cuts = quantiles(firsts, n=20, method="inclusive")
        last_end = max(end for _, end in results)
        return [cuts[9], cuts[18], firsts[-1], last_end, memory(state_dir)]


def memory(state_dir: Path) -> float:
    """Return the MB of the function processes, shared pages counted once (Linux)."""
    kilobytes = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # It has ended.
            command = (process / "cmdline").read_bytes()
            if bytes(state_dir) in command and b"host.py" not in command:
                fields = (process / "smaps_rollup").read_text().split()
                kilobytes += int(fields[fields.index("Pss:") + 1])
    return kilobytes / 1000


async def main(count: int, sentences: int) -> None:
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    with TemporaryDirectory() as name:
        answer, folder = SENTENCE * sentences, Path(name)
        columns = [await measure(count, answer, folder, fork) for fork in MODES.values()]
    table = Table("", *MODES, "ratio", title=f"{count} sockets ask at once (load before: {load})")
    for row, old, new in zip(ROWS, *columns, strict=True):
        table.add_row(row, f"{old:.1f}", f"{new:.1f}", f"{new / old:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--sentences", type=int, default=24, help="of each answer")
    asyncio.run(main(**vars(parser.parse_args())))

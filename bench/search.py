"""Searches over 500 conversations and 5,000 turns on a laptop run: `python -m bench.search`.

It starts the stack of `make run` with the scripted model, fills its table, and searches at the
page's address: without an index until nothing is pending, then with it. The first request has the
cold start of the history function. Table and bucket are MiniStack's: the ratio of building the
index, which reads every turn, and using it counts more than the seconds.
"""

import base64
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from chat_shared import keys
from chat_shared.documents import INDEX_PREFIX
from chat_shared.turn import Turn
from rich.console import Console
from rich.table import Table

from seoyeon.local.ministack.session import client_config, open_session

ROOT = Path(__file__).parents[1]
CONVERSATIONS, TURNS = 500, 10
REPEATS = 9
BEGIN = 1_790_000_000  # seconds since the epoch
SECRET = base64.urlsafe_b64encode(b"search" + bytes(26)).decode().rstrip("=")
USER = hashlib.sha256(SECRET.encode()).hexdigest()
WORDS = (
    *("경주", "불국사", "여행", "바다", "요리", "된장", "찌개", "회의", "보고서", "엑셀", "함수"),
    *("아이", "숙제", "영어", "번역", "건강", "운동", "날씨", "서울", "부산", "지하철", "김치"),
    *("오늘은", "그래서", "먼저", "천천히", "좋습니다.", "있습니다.", "드립니다.", "**중요한**"),
)
QUERIES = {
    "two words": "경주 불국사",
    "a word that most turns have": "여행",
    "words that stand in one turn": "은하수 망원경",
    "initial consonants": "ㅇㅎㅅ ㅁㅇㄱ",
    "a word that no turn has": "해왕성",
}


@contextmanager
def run_stack(state_dir: str) -> Iterator[str]:
    """Run the local stack and yield the page's address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "seoyeon", "run"],
        cwd=ROOT,
        env={**os.environ, "LLM": "scripted", "PORT": "0", "STATE_DIR": state_dir},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout or ():
            if line.startswith("Ready: "):
                yield f"http://localhost:{int(line.rpartition(':')[2])}"
                return
        raise SystemExit("bench: the stack has not started; see above.")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def turns(conversation: int) -> Iterator[Turn]:
    """Yield the turns of a conversation: questions of 6 words, answers of 200."""
    choose = random.Random(conversation)  # noqa: S311 (no secret)
    for number in range(TURNS):
        at = BEGIN + 1_000 * conversation + number
        is_needle = (conversation, number) == (CONVERSATIONS // 2, 3)
        yield Turn(
            user_id=USER,
            conversation_id=str(UUID(int=conversation, version=4)),
            turn_id=f"{keys.timestamp(at)}-{number:08x}",
            request_id=str(UUID(int=conversation * TURNS + number, version=4)),
            mode="chat",
            question=" ".join(choose.choices(WORDS, k=6)),
            answer=" ".join([*choose.choices(WORDS, k=200), "은하수 망원경" if is_needle else ""]),
            created_at=keys.timestamp(at),
            status="done",
            stop_reason="stop",
        )


def fill(table: Any) -> None:
    with table.batch_writer() as batch:
        for conversation in range(CONVERSATIONS):
            stored = list(turns(conversation))
            for turn in stored:
                batch.put_item(Item=turn.to_item())
            ids, last = (USER, stored[0].conversation_id), stored[-1]
            batch.put_item(
                Item={
                    **keys.conversation(*ids),
                    **keys.activity(*ids, last.created_at),
                    "title": stored[0].question,
                    "created_at": stored[0].created_at,
                    "last_activity_at": last.created_at,
                }
            )


def search(url: str, query: str) -> tuple[float, Any]:
    """Return the milliseconds of a request, and its result."""
    request = urllib.request.Request(  # noqa: S310 (ours)
        f"{url}/history/search",
        json.dumps({"query": query}).encode(),
        {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"},
    )
    begin = time.perf_counter()
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (ours)
        found = json.load(answer)
    return 1_000 * (time.perf_counter() - begin), found


def measure(url: str, memory: dict[str, Any]) -> Table:
    endpoint: Any = {
        "endpoint_url": f"http://127.0.0.1:{memory['ministack_port']}",
        "config": client_config(),
    }
    (table,) = open_session().resource("dynamodb", **endpoint).tables.all()
    buckets = open_session().resource("s3", **endpoint).buckets
    fill(table)
    grid = Table("", "ms", "results", "pending", title=f"{CONVERSATIONS * TURNS:,} turns")
    begin, requests = time.perf_counter(), 0
    while True:
        requests += 1
        ms, found = search(url, QUERIES["words that stand in one turn"])
        if requests == 1:
            grid.add_row("no index, first request", f"{ms:.0f}", *_counts(found))
        if not found["pending"]:
            break
    built = 1_000 * (time.perf_counter() - begin)
    grid.add_row(f"no index, all {requests} requests", f"{built:.0f}", *_counts(found))
    sizes = [
        each.size
        for bucket in buckets.all()
        for each in bucket.objects.filter(Prefix=f"{INDEX_PREFIX}/{USER}/")
    ]
    search(url, QUERIES["two words"])
    for name, query in QUERIES.items():
        results = [search(url, query) for _ in range(REPEATS)]
        times = [ms for ms, _ in results]
        shown = f"{median(times):.0f} (max {max(times):.0f})"
        grid.add_row(name, shown, *_counts(results[-1][1]))
    ratio = built / median(times)
    grid.caption = f"index: {len(sizes)} objects, {sum(sizes) / 2**20:.1f} MB; ratio {ratio:.0f}"
    return grid


def _counts(found: Any) -> tuple[str, str]:
    more = "+" if found["next_cursor"] else ""
    return f"{len(found['results'])}{more}", str(found["pending"])


if __name__ == "__main__":
    with TemporaryDirectory() as state_dir, run_stack(state_dir) as url:
        memory = json.loads((Path(state_dir) / "run.json").read_text())
        Console(width=100).print(measure(url, memory))

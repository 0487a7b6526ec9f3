"""The time of a turn before Bedrock is asked: this code beside that of a commit, turn by turn.

Run: `python -m bench.turn [COMMIT]`. Both run routes and worker in one process each, against one
stand-in for AWS (`bench.aws`). The first turn follows `$connect` and the warm-up of a new process.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import IO, cast

from botocore.httpsession import get_cert_path
from rich.console import Console
from rich.table import Table

from bench.certificate import write_certificate

ROOT = Path(__file__).parents[1]
BASE = "374a547"  # the last commit before connections were kept
DRIVER = Path(__file__).with_name("turn_driver.py")
TURNS = 40
ROWS = {
    "own CPU until Bedrock has answered, ms": "cpu",
    "wall until then, ms": "wall",
    "requests until then": "requests",
    "wall until `done` is sent, ms": "done",
}

Result = dict[str, float]


@contextmanager
def worktree(commit: str, folder: Path) -> Iterator[Path]:
    """Check the commit out into a new folder below `folder`."""
    path = folder / "worktree"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", path, commit], check=True)  # noqa: S603 (no shell)
    try:
        yield path
    finally:
        subprocess.run([*git, "remove", "--force", path], check=True)  # noqa: S603 (no shell)


class Child:
    """A Python process that is read, and written to, line by line."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (no shell, our own modules)
            [sys.executable, *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._input = cast("IO[str]", self._process.stdin)
        self._output = cast("IO[str]", self._process.stdout)

    def write(self) -> None:
        print(file=self._input, flush=True)

    def read(self) -> str:
        return self._output.readline() or sys.exit("bench: a process has ended; see above.")

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()


def environment(tree: Path, port: str, authorities: Path) -> dict[str, str]:
    """Return the environment of routes and worker, with the code of one tree."""
    url = f"https://127.0.0.1:{port}"
    return {
        "PYTHONPATH": f"{tree / 'lambda-shared'}:{tree / 'lambda-chat-ws'}",
        "AWS_ENDPOINT_URL": url,
        "AWS_CA_BUNDLE": str(authorities),
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "TABLE_NAME": "table",
        "WORKER_FUNCTION_NAME": "worker",
        "WEBSOCKET_CALLBACK_URL": f"{url}/chat",
        "HISTORY_DAYS": "365",
        "DAILY_MESSAGES": "200",
        "DAILY_TOKENS": "2000000",
        "MODEL_IDS": "meta.llama3-70b-instruct-v1:0",
        "BEDROCK_REGION": "us-west-2",
        "MAX_GEN_LEN": "1024",
        "TEMPERATURE": "0.1",
        "TOP_P": "0.9",
        "WINDOW_EXCHANGES": "10",
        "TITLES": "true",
        "DOCUMENTS_BUCKET": "documents",
    }


def measure(commit: str) -> list[list[Result]]:
    """Return, for each turn, the results of the commit's code and of this code."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        certificate = write_certificate(folder)
        # Each new connection reads all authorities, as on AWS.
        authorities = folder / "authorities.pem"
        botocores = Path(get_cert_path(True) or "").read_bytes()
        authorities.write_bytes(certificate.path.read_bytes() + botocores)
        aws = Child("-m", "bench.aws", str(certificate.path), str(certificate.key))
        stack.callback(aws.close)
        port = aws.read().strip()
        drivers = []
        for tree in (stack.enter_context(worktree(commit, folder)), ROOT):
            driver = Child(str(DRIVER), **environment(tree, port, authorities))
            stack.callback(driver.close)
            driver.read()  # it is ready
            drivers.append(driver)
        return [[take_turn(driver) for driver in drivers] for _ in range(1 + TURNS)]


def take_turn(driver: Child) -> Result:
    driver.write()
    result: Result = json.loads(driver.read())
    return result


def table(commit: str, turns: list[list[Result]]) -> Table:
    table = Table(title=f"Medians of {TURNS} turns, and the first turn of a process")
    for column in ("", f"{commit[:7]}", "now", "ratio"):
        table.add_column(column, justify="right" if column else "left")
    for label, name in ROWS.items():
        for kind, some in (("", turns[1:]), (", first turn", turns[:1])):
            old, new = (median(turn[side][name] for turn in some) for side in (0, 1))
            table.add_row(label + kind, f"{old:.1f}", f"{new:.1f}", f"{new / old:.2f}")
    return table


if __name__ == "__main__":
    commit = sys.argv[1] if len(sys.argv) > 1 else BASE
    Console(width=100).print(table(commit, measure(commit)))

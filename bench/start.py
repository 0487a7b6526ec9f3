"""Seconds of `make run` until `Ready`, without a model: in a fresh clone, then in the same again.

Run: `python -m bench.start`. The clone has the last commit. Packages come from the caches of pip,
uv and npm where these have them.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
STARTS = ("fresh clone", "second start", "third start")
VARIABLES = {"LLM": "scripted", "PORT": "0", "STATE_DIR": ".local"}


def main() -> None:
    table = Table("start", "seconds", "lines of the run, each with its second")
    with TemporaryDirectory() as folder:
        clone = Path(folder) / "seoyeon"
        subprocess.run(["/usr/bin/env", "git", "clone", "-q", ROOT, clone], check=True)  # noqa: S603 (no shell)
        for name in STARTS:
            lines = run_until_ready(clone)
            table.add_row(
                name, f"{lines[-1][0]:.1f}", "\n".join(f"{at:.1f} {line}" for at, line in lines)
            )
    Console().print(table)


def run_until_ready(clone: Path) -> list[tuple[float, str]]:
    """Run `make run` until its Ready line, and stop it; return its lines with their seconds."""
    inherited = {name: os.environ[name] for name in os.environ if not name.startswith("MAKE")}
    lines = []
    started = time.monotonic()
    with subprocess.Popen(
        ["/usr/bin/env", "make", "run"],
        cwd=clone,
        env=inherited | VARIABLES,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stdout or ():
            lines.append((time.monotonic() - started, line.rstrip()))
            if line.startswith("Ready: "):
                os.killpg(process.pid, signal.SIGINT)
    if not lines[-1][1].startswith("Ready: "):
        raise SystemExit(f"make run ended: {lines}")
    return lines


if __name__ == "__main__":
    main()

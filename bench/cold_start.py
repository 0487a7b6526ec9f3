"""The cold start of each function beside bare botocore: `python -m bench.cold_start`.

CPU seconds of import and `bootstrap()` in a new process, which runs the package of a deployment
with its compiled files. Lambda adds its own start and the download of the package.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from platform import python_version

from rich.console import Console
from rich.table import Table

from cdk.assets.functions import ROOT, Compiler, PackageTarget, bundle_function, find_compiler
from cdk.capacity import LAMBDA_PYTHON

ROUNDS = 5  # over all starts; the least of a start's times counts
TIMED = """
import sys, time
sys.path.insert(0, sys.argv[1])
start = time.process_time()
exec(sys.argv[2])
print(time.process_time() - start)
"""
ENVIRONMENT = {
    "AUTH": "guest",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "BEDROCK_REGION": "us-west-2",
    "HISTORY_DAYS": "365",
    "MAX_GEN_LEN": "1024",
    "MODEL_IDS": "meta.llama3-70b-instruct-v1:0",
    "TABLE_NAME": "bench",
    "DOCUMENTS_BUCKET": "bench",
    "TEMPERATURE": "0.1",
    "TOP_P": "0.9",
    "WEBSOCKET_CALLBACK_URL": "https://bench.invalid",
    "WINDOW_EXCHANGES": "10",
    "WORKER_FUNCTION_NAME": "bench",
}


@dataclass(frozen=True)
class Start:
    """A measured start: Python code that runs in the package of a function's folder."""

    name: str
    folder: str
    code: str

    def cpu_seconds(self, python: str, package: Path) -> float:
        """Run the start once with the interpreter `python`."""
        done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
            [python, "-I", "-S", "-c", TIMED, str(package), self.code],
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            check=True,
        )
        return float(done.stdout)


BARE = Start(
    "bare botocore, with a DynamoDB client",
    "lambda-chat-ws",
    "import botocore.session; botocore.session.get_session().create_client('dynamodb')",
)
LIBRARIES = Start(
    "boto3 and langchain-aws, for comparison",
    "lambda-chat-ws",
    "import boto3, langchain_aws; boto3.client('bedrock-runtime')",
)


def starts() -> list[Start]:
    """Return the comparisons, and one start for each entry point of the functions."""
    return [BARE, LIBRARIES, *map(start_of, sorted(ROOT.glob("lambda-*/**/*entry.py")))]


def start_of(entry: Path) -> Start:
    folder, *packages = entry.relative_to(ROOT).with_suffix("").parts
    module = ".".join(packages)
    code = f"import {module} as entry; getattr(entry, 'bootstrap', lambda: None)()"
    return Start(module.removesuffix(".entry"), folder, code)


def measure(compiler: Compiler) -> dict[Start, float]:
    """Return the CPU seconds of each start, from interleaved rounds."""
    measured = starts()
    target = PackageTarget(None, compiler.version.rpartition(".")[0])
    packages = {
        folder: bundle_function(ROOT / folder, target)
        for folder in {one.folder for one in measured}
    }
    for start in measured:  # Python stores the compiled files, which a package for AWS has
        start.cpu_seconds(compiler.path, packages[start.folder])
    rounds = [
        [start.cpu_seconds(compiler.path, packages[start.folder]) for start in measured]
        for _ in range(ROUNDS)
    ]
    return {start: min(times) for start, *times in zip(measured, *rounds, strict=True)}


def main() -> None:
    compiler = find_compiler(LAMBDA_PYTHON) or Compiler(sys.executable, python_version())
    measured = measure(compiler)
    table = Table(title=f"Cold start, Python {compiler.version}, least of {ROUNDS} rounds")
    table.add_column("import and bootstrap")
    table.add_column("CPU s", justify="right")
    table.add_column("to bare botocore", justify="right")
    for start, seconds in measured.items():
        table.add_row(start.name, f"{seconds:.3f}", f"{seconds / measured[BARE]:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()

"""`python -m seoyeon.aws.preflight`: status 1 if something stops a deploy."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console

from seoyeon import ROOT
from seoyeon.aws.preflight.checks import examine
from seoyeon.aws.preflight.finding import Level
from seoyeon.aws.preflight.report import show
from seoyeon.aws.session import connect


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="doctor", description="What would stop a deploy?")
    parser.add_argument(
        "-c", "--context", action="append", default=[], help="name=value, as for cdk deploy"
    )
    overrides = parser.parse_args(arguments).context
    asked = connect()
    console = Console()
    with console.status("Asking AWS ..."):
        findings = list(
            examine(
                ROOT,
                overrides,
                os.environ,
                asked.configured_region,
                asked.known_regions,
                asked.reader,
                lambda: datetime.now(UTC),
            )
        )
    show(findings, console)
    return int(any(finding.level is Level.NO_DEPLOY for finding in findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

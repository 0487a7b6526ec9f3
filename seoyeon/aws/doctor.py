"""The command `doctor`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console

from seoyeon.aws.preflight.checks import Preflight
from seoyeon.aws.preflight.report import print_findings
from seoyeon.aws.session import connect


def check_account(context: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print the findings of every check.

    Returns 1 if one of them stops a deployment or a first chat, else 0.
    """
    preflight = Preflight(context, environ, connect())
    console = Console()
    with console.status("Checking the account ..."):
        preflight.check_target()
        preflight.check_service(datetime.now(UTC))
    print_findings(preflight.findings, console)
    return int(preflight.stops_deploy or preflight.stops_chat)

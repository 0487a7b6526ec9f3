"""`python -m local.doctor`: status 1 if something stops a deploy."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ProfileNotFound
from rich.console import Console

from local.aws import ROOT
from local.doctor.examination import examine
from local.doctor.finding import Level
from local.doctor.reader import AwsReader
from local.doctor.report import show

PATIENCE = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard"})


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="doctor", description="What would stop a deploy?")
    parser.add_argument(
        "-c", "--context", action="append", default=[], help="name=value, as for cdk deploy"
    )
    overrides = parser.parse_args(arguments).context
    configured, known, reader = _aws()
    console = Console()
    with console.status("Asking AWS ..."):
        findings = list(
            examine(
                ROOT, overrides, os.environ, configured, known, reader, lambda: datetime.now(UTC)
            )
        )
    show(findings, console)
    return int(any(finding.level is Level.NO_DEPLOY for finding in findings))


def _aws() -> tuple[str | None, set[str], AwsReader]:
    """The profile's region, the regions that there are, and a reader."""

    def client(service: str, region: str) -> Any:
        # A session fails by itself where AWS_PROFILE names no profile: the first question shall
        # end with that. The type stubs know a client by its literal name only.
        session = cast(Any, boto3.Session())
        return session.client(service, region_name=region, config=PATIENCE)

    try:
        configured = boto3.Session().region_name
    except ProfileNotFound:
        configured = None
    anyone = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    known = {
        region
        for partition in anyone.get_available_partitions()
        for region in anyone.get_available_regions("lambda", partition_name=partition)
    }
    return configured, known, AwsReader(client)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

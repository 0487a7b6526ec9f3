"""The person's own way to AWS: credentials and region as their environment and profile say."""

from dataclasses import dataclass
from typing import Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ProfileNotFound

from seoyeon.aws.preflight.reader import AwsReader

PATIENCE = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard"})


@dataclass(frozen=True)
class Connection:
    """The profile's region, the regions that there are, and who asks."""

    configured_region: str | None
    known_regions: frozenset[str]
    reader: AwsReader


def connect() -> Connection:
    """Asks nothing yet, and does not fail where AWS_PROFILE names no profile: the first question
    does."""
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
    return Connection(configured, frozenset(known), AwsReader(client))


def client(service: str, region: str) -> Any:
    # The type stubs know a client by its literal name only.
    session = cast(Any, boto3.Session())
    return session.client(service, region_name=region, config=PATIENCE)

"""Connections to AWS with the credentials and the region of the environment or profile."""

from dataclasses import dataclass
from typing import Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ProfileNotFound

from seoyeon.aws.preflight.reader import AwsReader

CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard"})


@dataclass(frozen=True)
class Connection:
    """The profile's region, the regions that boto3 knows, and a reader of the account."""

    configured_region: str | None
    known_regions: frozenset[str]
    reader: AwsReader


def connect() -> Connection:
    """Return a connection that has sent no request yet.

    An AWS_PROFILE that does not exist raises nothing here; the reader's first request reports it.
    """
    try:
        configured = boto3.Session().region_name
    except ProfileNotFound:
        configured = None
    without_profile = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    known = {
        region
        for partition in without_profile.get_available_partitions()
        for region in without_profile.get_available_regions("lambda", partition_name=partition)
    }
    return Connection(configured, frozenset(known), AwsReader(client))


def client(service: str, region: str) -> Any:
    # The type stubs accept a service only as a literal.
    session = cast(Any, boto3.Session())
    return session.client(service, region_name=region, config=CONFIG)

"""The data of a deployment: its table and its bucket."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import boto3

from seoyeon.aws.preflight.checks import Preflight
from seoyeon.aws.preflight.report import require_target
from seoyeon.aws.retained import BUCKET, TABLE, StackResources
from seoyeon.aws.session import client, connect
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def open_table(
    context: Sequence[str], environ: Mapping[str, str]
) -> tuple["Table", str, DeploymentTarget]:
    """Return the table, the name of the bucket, and the target.

    Raises CommandError if the account cannot be used or has no such deployment.
    """
    preflight = Preflight(context, environ, connect())
    preflight.check_target()
    target = require_target(preflight)
    resources = StackResources(lambda service: client(service, target.region))
    names = {each.type: each.name for each in resources.retained_resources(target.stacks.data)}
    if not {TABLE, BUCKET} <= names.keys():
        raise CommandError(f"There is no stack {target.stacks.data}: name its stage with STAGE=….")
    dynamodb = boto3.resource("dynamodb", region_name=target.region)
    return dynamodb.Table(names[TABLE]), names[BUCKET], target

"""The functions' log groups."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import CfnLogGroup, LogGroup
from constructs import Construct


def log_group(scope: Construct, construct_id: str, days: int) -> LogGroup:
    """Create a log group that is deleted with its stack and keeps events for `days`."""
    group = LogGroup(scope, construct_id, removal_policy=RemovalPolicy.DESTROY)
    # LogGroup takes an enum, which would list the periods of settings.LOG_DAYS a second time.
    cast(CfnLogGroup, group.node.default_child).retention_in_days = days
    return group

"""Fills the page's bucket on AWS: first what the page loads, then the page that loads it."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from aws_cdk import CfnElement, Stack
from aws_cdk.aws_logs import ILogGroup
from aws_cdk.aws_s3_deployment import BucketDeployment, CacheControl, ISource, Source
from constructs import IConstruct

from cdk.acknowledgement import acknowledge
from cdk.assets.page import ASSETS, IMMUTABLE, REVALIDATED, build_page
from cdk.monitoring.logs import log_group
from cdk.stack_names import BOOTSTRAP_QUALIFIER
from cdk.web import Web

# What CDK's helpers grant to copy one bucket into another.
COPY_ACTIONS = ("Abort*", "DeleteObject*", "GetBucket*", "GetObject*", "List*")


def deploy_page(web: Web, config: Mapping[str, object], log_days: int) -> None:
    """Build html/ and copy it with a generated config.json.

    What has a name of its own stays when it is replaced: a page that was opened before may ask for
    the rest of itself any time later.
    """
    logs = log_group(web, "PublishingLogs", log_days)
    with TemporaryDirectory() as folder:
        build_page(Path(folder))
        assets = _copy(
            web,
            "Assets",
            [Source.asset(f"{folder}/{ASSETS}")],
            CacheControl.from_string(IMMUTABLE),
            logs,
            prefix=ASSETS,
        )
        entry = _copy(
            web,
            "Entry",
            [
                Source.asset(folder, exclude=[ASSETS]),
                Source.json_data("config.json", dict(config)),
            ],
            CacheControl.from_string(REVALIDATED),
            logs,
        )
    entry.node.add_dependency(assets)
    _acknowledge_provider(web, entry)


def _copy(
    web: Web,
    name: str,
    sources: list[ISource],
    kept: CacheControl,
    logs: ILogGroup,
    prefix: str | None = None,
) -> BucketDeployment:
    return BucketDeployment(
        web,
        name,
        destination_bucket=web.bucket,
        destination_key_prefix=prefix,
        sources=sources,
        cache_control=[kept],
        prune=False,
        log_group=logs,
    )


def _acknowledge_provider(web: Web, deployment: BucketDeployment) -> None:
    """The function behind every BucketDeployment of a stack, with the role CDK gives it."""
    # CDK makes the role inside its function.
    function = cast(IConstruct, deployment.handler_role.node.scope)
    managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    bootstrap = f"cdk-{BOOTSTRAP_QUALIFIER}-assets-<AWS::AccountId>-<AWS::Region>"
    page = Stack.of(web).get_logical_id(cast(CfnElement, web.bucket.node.default_child))
    copies = "BucketDeployment copies whatever the assets hold"
    acknowledge(
        function,
        L1="BucketDeployment chooses the runtime",
        **{f"IAM4[Policy::{managed}]": "AWS's policy for writing logs, on CDK's own function"},
        **{f"IAM5[Action::s3:{action}]": copies for action in COPY_ACTIONS},
        **{f"IAM5[Resource::arn:<AWS::Partition>:s3:::{bootstrap}/*]": copies},
        **{f"IAM5[Resource::<{page}.Arn>/*]": copies},
    )

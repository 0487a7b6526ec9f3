"""The publication of the page on AWS: first the assets, then index.html, which refers to them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from aws_cdk import CfnElement, Stack
from aws_cdk.aws_logs import ILogGroup
from aws_cdk.aws_s3_deployment import BucketDeployment, CacheControl, ISource, Source
from constructs import IConstruct, IDependable

from cdk.acknowledgement import acknowledge
from cdk.assets.page import ASSETS, IMMUTABLE, REVALIDATED, build_page
from cdk.monitoring.logs import log_group
from cdk.stack_names import BOOTSTRAP_QUALIFIER
from cdk.web import Web

# The actions that the CDK grants to BucketDeployment's function.
COPY_ACTIONS = ("Abort*", "DeleteObject*", "GetBucket*", "GetObject*", "List*")


def deploy_page(
    web: Web, config: Mapping[str, object], log_days: int, after: Sequence[IDependable]
) -> None:
    """Build html/ and copy it with a generated config.json, once `after` is deployed.

    Assets of earlier builds are kept: a page that is open may load more of them later.
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
    entry.node.add_dependency(assets, *after)
    _acknowledge_provider(web, entry)


def _copy(
    web: Web,
    construct_id: str,
    sources: list[ISource],
    cache_control: CacheControl,
    logs: ILogGroup,
    prefix: str | None = None,
) -> BucketDeployment:
    return BucketDeployment(
        web,
        construct_id,
        destination_bucket=web.bucket,
        destination_key_prefix=prefix,
        sources=sources,
        cache_control=[cache_control],
        prune=False,
        log_group=logs,
    )


def _acknowledge_provider(web: Web, deployment: BucketDeployment) -> None:
    """Acknowledge the findings about the function that all BucketDeployments of a stack share."""
    # The function is the parent of its role.
    function = cast(IConstruct, deployment.handler_role.node.scope)
    managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    bootstrap = f"cdk-{BOOTSTRAP_QUALIFIER}-assets-<AWS::AccountId>-<AWS::Region>"
    page = Stack.of(web).get_logical_id(cast(CfnElement, web.bucket.node.default_child))
    copies = "BucketDeployment has to copy every object of the assets"
    acknowledge(
        function,
        L1="BucketDeployment sets the runtime",
        **{f"IAM4[Policy::{managed}]": "The CDK gives its function AWS's policy for logs"},
        **{f"IAM5[Action::s3:{action}]": copies for action in COPY_ACTIONS},
        **{f"IAM5[Resource::arn:<AWS::Partition>:s3:::{bootstrap}/*]": copies},
        **{f"IAM5[Resource::<{page}.Arn>/*]": copies},
    )

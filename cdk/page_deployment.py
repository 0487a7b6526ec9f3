"""Fills the page's bucket on AWS: first what the page loads, then the page that loads it."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import CfnElement, Stack
from aws_cdk.aws_s3_deployment import BucketDeployment, CacheControl, Source
from constructs import IConstruct

from cdk.acknowledgement import acknowledge
from cdk.function_asset import ROOT
from cdk.web import Web

HTML = ROOT / "html"
UNCACHED = ("index.html", "config.json")
# Names carry no version: browsers ask again each time, CloudFront until the next deployment.
REVALIDATED = "max-age=0, s-maxage=31536000, must-revalidate"

# What CDK's helpers grant to copy one bucket into another.
COPY_ACTIONS = ("Abort*", "DeleteObject*", "GetBucket*", "GetObject*", "List*")


def deploy_page(web: Web, config: Mapping[str, object]) -> None:
    """Copy html/ and a generated config.json, then make CloudFront forget what it holds."""
    modules = BucketDeployment(
        web,
        "Modules",
        destination_bucket=web.bucket,
        sources=[Source.asset(str(HTML), exclude=["index.html"])],
        cache_control=[CacheControl.from_string(REVALIDATED)],
        # Pruning leaves alone what the other deployment brings.
        exclude=list(UNCACHED),
        prune=True,
        retain_on_delete=False,
    )
    entry = BucketDeployment(
        web,
        "Entry",
        destination_bucket=web.bucket,
        sources=[
            Source.asset(str(HTML), exclude=["*", "!index.html"]),
            Source.json_data("config.json", dict(config)),
        ],
        cache_control=[CacheControl.no_cache()],
        prune=False,
        retain_on_delete=False,
        distribution=web.distribution,
        distribution_paths=["/*"],
    )
    entry.node.add_dependency(modules)
    _acknowledge_provider(web, entry)


def _acknowledge_provider(web: Web, deployment: BucketDeployment) -> None:
    """The function behind every BucketDeployment of a stack, with the role CDK gives it."""
    # CDK makes the role inside its function.
    function = cast(IConstruct, deployment.handler_role.node.scope)
    managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    bootstrap = "cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>"
    page = Stack.of(web).get_logical_id(cast(CfnElement, web.bucket.node.default_child))
    copies = "BucketDeployment copies whatever the assets hold, and removes what html/ lost"
    acknowledge(
        function,
        L1="BucketDeployment chooses the runtime",
        **{f"IAM4[Policy::{managed}]": "AWS's policy for writing logs, on CDK's own function"},
        **{f"IAM5[Action::s3:{action}]": copies for action in COPY_ACTIONS},
        **{f"IAM5[Resource::arn:<AWS::Partition>:s3:::{bootstrap}/*]": copies},
        **{f"IAM5[Resource::<{page}.Arn>/*]": copies},
        **{"IAM5[Resource::*]": "CloudFront invalidations take no resource in CDK's statement"},
    )

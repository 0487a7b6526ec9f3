"""The target `local`: everything in which a deployment to MiniStack differs from one to AWS."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_apigatewayv2 import CfnRouteResponse, WebSocketStage
from aws_cdk.aws_cognito import CfnManagedLoginBranding
from aws_cdk.aws_s3 import IBucket
from constructs import IConstruct, IDependable

from cdk.accounts import Accounts
from cdk.acknowledgement import acknowledge
from cdk.assets.functions import HOST_PYTHON, PackageTarget
from cdk.settings import Settings
from cdk.stack_names import UPLOAD_PATH
from cdk.web import Web


class LocalTarget:
    """MiniStack on this machine, behind the proxy of `make run`."""

    # MiniStack runs the functions with its own Python.
    package_target = PackageTarget(None, HOST_PYTHON)
    data_removal_policy = RemovalPolicy.DESTROY
    # MiniStack's CloudFront reads the bucket over HTTP, which such a policy would refuse.
    bucket_enforces_tls = False
    # MiniStack deletes a bucket with its objects, and cannot run the CDK's function for it.
    bucket_auto_deletes_objects = False
    # MiniStack derives no metrics from logs.
    has_monitoring = False
    # The proxy's path: browsers do not reach MiniStack's S3.
    upload_environment: Mapping[str, str] = MappingProxyType({"UPLOAD_URL": UPLOAD_PATH})

    def __init__(self, settings: Settings) -> None:
        self._endpoint_url = settings.local_endpoint_url
        self._bedrock_url = settings.bedrock_endpoint_url
        self._page_url = settings.local_page_url

    @property
    def worker_environment(self) -> Mapping[str, str]:
        """Return the Bedrock endpoint of `make run`: MiniStack's does not stream."""
        return {"BEDROCK_ENDPOINT_URL": self._bedrock_url} if self._bedrock_url else {}

    def websocket_callback_url(self, stage: WebSocketStage) -> str:
        """Return MiniStack's URL: the domain name in its events has no port."""
        return f"{self._endpoint_url}/_aws/execute-api/{stage.api.api_id}/{stage.stage_name}"

    def page_websocket_url(self, stage: WebSocketStage) -> str:
        """Return the proxy's path, which the page resolves against its own URL."""
        return "/ws"

    def sign_in_callback_url(self, web: Web) -> str:
        """Return the proxy's URL: browsers do not reach MiniStack's CloudFront."""
        return f"{self._page_url}/"

    def sign_in_url(self, accounts: Accounts) -> str:
        """Return the proxy's root: the proxy forwards to MiniStack's sign-in."""
        return "/"

    def jwks_url(self, accounts: Accounts) -> str:
        """Return MiniStack's URL; the tokens name AWS as their issuer nevertheless."""
        return f"{self._endpoint_url}/{accounts.pool.user_pool_id}/.well-known/jwks.json"

    def connect_sources(
        self, stage: WebSocketStage, accounts: Accounts | None, uploads: IBucket | None
    ) -> Sequence[str]:
        """Return no origin: the proxy has WebSocket, sign-in and uploads at the page's own."""
        return ()

    def publish_page(
        self, web: Web, config: Mapping[str, object], *, after: Sequence[IDependable]
    ) -> None:
        """Output config.json, which `make run` uploads: MiniStack cannot run BucketDeployment."""
        CfnOutput(Stack.of(web), "PageConfig", value=json.dumps(config), description="config.json")
        acknowledge(web, S10="MiniStack's CloudFront reads the bucket over HTTP")

    def remove_unsupported(self, stack: Stack) -> None:
        """Remove the resources that MiniStack does not support.

        It returns the response of every route anyway, and its sign-in has one fixed look.
        """
        for construct in stack.node.find_all():
            if isinstance(construct, CfnRouteResponse | CfnManagedLoginBranding):
                cast(IConstruct, construct.node.scope).node.try_remove_child(construct.node.id)

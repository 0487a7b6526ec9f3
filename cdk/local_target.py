"""Everything that a deployment to MiniStack does otherwise than one to AWS."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_apigatewayv2 import CfnRouteResponse, WebSocketStage
from aws_cdk.aws_cognito import CfnManagedLoginBranding
from constructs import IConstruct

from cdk.accounts import Accounts
from cdk.acknowledgement import acknowledge
from cdk.assets.functions import HOST_PYTHON, PackageTarget
from cdk.settings import Settings
from cdk.web import Web


class LocalTarget:
    """MiniStack on this machine, behind the front door of `python -m seoyeon.local`."""

    # Functions run on this machine, by the Python that MiniStack was started with.
    packages = PackageTarget(None, HOST_PYTHON)
    data_policy = RemovalPolicy.DESTROY
    # MiniStack takes its own CloudFront's reads for plain HTTP, and would refuse them.
    bucket_needs_tls = False
    # What MiniStack deletes goes with its content, and CDK's function would not run there.
    bucket_needs_emptying = False
    # MiniStack makes no metrics of what functions log.
    watched = False

    def __init__(self, settings: Settings) -> None:
        self._endpoint_url = settings.local_endpoint_url
        self._bedrock_url = settings.bedrock_endpoint_url
        self._page_url = settings.local_page_url

    @property
    def worker_environment(self) -> Mapping[str, str]:
        """MiniStack's own Bedrock does not stream; ours is somewhere else."""
        return {"BEDROCK_ENDPOINT_URL": self._bedrock_url} if self._bedrock_url else {}

    def callback_url(self, stage: WebSocketStage) -> str:
        """An event's domain name lacks MiniStack's port, so the worker is told all of it."""
        return f"{self._endpoint_url}/_aws/execute-api/{stage.api.api_id}/{stage.stage_name}"

    def page_socket_url(self, stage: WebSocketStage) -> str:
        """The front door's; the page resolves it against its own location."""
        return "/ws"

    def sign_in_callback_url(self, web: Web) -> str:
        """Return the proxy's URL: browsers do not reach MiniStack's CloudFront."""
        return f"{self._page_url}/"

    def sign_in_url(self, accounts: Accounts) -> str:
        """The front door hands MiniStack's sign-in on."""
        return "/"

    def jwks_url(self, accounts: Accounts) -> str:
        """MiniStack's tokens name AWS as their issuer; their keys are MiniStack's."""
        return f"{self._endpoint_url}/{accounts.pool.user_pool_id}/.well-known/jwks.json"

    def connect_sources(self, stage: WebSocketStage, accounts: Accounts | None) -> Sequence[str]:
        """None: the page's own origin covers its WebSocket and its sign-in."""
        return ()

    def publish_page(self, web: Web, config: Mapping[str, object]) -> None:
        """MiniStack cannot run BucketDeployment's function: `local` copies html/ and this."""
        CfnOutput(Stack.of(web), "PageConfig", value=json.dumps(config), description="config.json")
        acknowledge(
            web, S10="MiniStack would refuse its own CloudFront, whose reads it takes for HTTP"
        )

    def adapt(self, stack: Stack) -> None:
        """Leave out what MiniStack does not know.

        It sends every route's answer back regardless, and has one look for its sign-in.
        """
        for construct in stack.node.find_all():
            if isinstance(construct, CfnRouteResponse | CfnManagedLoginBranding):
                cast(IConstruct, construct.node.scope).node.try_remove_child(construct.node.id)

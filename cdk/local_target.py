"""Everything that a deployment to MiniStack does otherwise than one to AWS."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_apigatewayv2 import CfnRouteResponse, WebSocketStage
from constructs import IConstruct

from cdk.acknowledgement import acknowledge
from cdk.function_asset import HOST_PYTHON, PackageTarget
from cdk.settings import Settings
from cdk.web import Web


class LocalTarget:
    """MiniStack on this machine, behind the front door of `python -m local`."""

    # Functions run on this machine, by the Python that MiniStack was started with.
    packages = PackageTarget(None, HOST_PYTHON)
    data_policy = RemovalPolicy.DESTROY
    # MiniStack takes its own CloudFront's reads for plain HTTP, and would refuse them.
    bucket_needs_tls = False
    # MiniStack makes no metrics of what functions log.
    watched = False

    def __init__(self, settings: Settings) -> None:
        self._endpoint_url = settings.local_endpoint_url
        self._bedrock_url = settings.bedrock_endpoint_url

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

    def connect_sources(self, stage: WebSocketStage) -> Sequence[str]:
        """None: the page's own origin covers its WebSocket."""
        return ()

    def publish_page(self, web: Web, config: Mapping[str, object]) -> None:
        """MiniStack cannot run BucketDeployment's function: `local` copies html/ and this."""
        CfnOutput(Stack.of(web), "PageConfig", value=json.dumps(config), description="config.json")
        acknowledge(
            web, S10="MiniStack would refuse its own CloudFront, whose reads it takes for HTTP"
        )

    def adapt(self, stack: Stack) -> None:
        """Leave out what MiniStack does not know."""
        for construct in stack.node.find_all():
            if isinstance(construct, CfnRouteResponse):
                # It has no such resource, and sends every route's answer back regardless.
                cast(IConstruct, construct.node.scope).node.try_remove_child(construct.node.id)

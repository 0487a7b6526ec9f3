"""Where a deployment goes, and what depends on that. `local_target` holds the other one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from aws_cdk import RemovalPolicy, Stack
from aws_cdk.aws_apigatewayv2 import WebSocketStage

from cdk.accounts import Accounts
from cdk.assets.functions import PackageTarget
from cdk.page_deployment import deploy_page
from cdk.python_function import LAMBDA_PYTHON
from cdk.settings import Settings
from cdk.web import Web

# uv's names for Lambda's two kinds of processor (Amazon Linux 2023: glibc 2.34).
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}


class Target(Protocol):
    """All that the stacks ask about the place they are deployed to."""

    @property
    def packages(self) -> PackageTarget:
        """What the functions' packages are installed for."""

    @property
    def data_policy(self) -> RemovalPolicy:
        """What becomes of the table when its stack goes; RETAIN also protects it."""

    @property
    def bucket_needs_tls(self) -> bool:
        """Whether the page's bucket refuses plain HTTP."""

    @property
    def bucket_needs_emptying(self) -> bool:
        """Whether a bucket that holds something cannot be deleted."""

    @property
    def watched(self) -> bool:
        """Whether there are alarms and a dashboard."""

    @property
    def worker_environment(self) -> Mapping[str, str]:
        """What the worker needs besides its usual settings."""

    def callback_url(self, stage: WebSocketStage) -> str:
        """Where the worker posts to connections."""

    def page_socket_url(self, stage: WebSocketStage) -> str:
        """What the page opens its WebSocket with."""

    def sign_in_callback_url(self, web: Web) -> str:
        """Return the page's URL to which Cognito redirects after sign-in and sign-out."""

    def sign_in_url(self, accounts: Accounts) -> str:
        """Where the page finds the sign-in; relative to the page, or an origin of its own."""

    def jwks_url(self, accounts: Accounts) -> str:
        """Where the authorizer finds the pool's keys."""

    def connect_sources(self, stage: WebSocketStage, accounts: Accounts | None) -> Sequence[str]:
        """Origins besides its own that the page connects to."""

    def publish_page(self, web: Web, config: Mapping[str, object]) -> None:
        """See to it that html/ and config.json get into the bucket."""

    def adapt(self, stack: Stack) -> None:
        """Change what the place cannot take, once `stack` is complete."""


class AwsTarget:
    """A real account."""

    data_policy = RemovalPolicy.RETAIN
    bucket_needs_tls = True
    bucket_needs_emptying = True
    watched = True
    worker_environment: Mapping[str, str] = {}

    def __init__(self, settings: Settings) -> None:
        self.packages = PackageTarget(PLATFORMS[settings.architecture], LAMBDA_PYTHON)
        self._log_days = settings.log_days

    def callback_url(self, stage: WebSocketStage) -> str:
        return stage.callback_url

    def page_socket_url(self, stage: WebSocketStage) -> str:
        return stage.url

    def sign_in_callback_url(self, web: Web) -> str:
        return f"{web.page_url}/"

    def sign_in_url(self, accounts: Accounts) -> str:
        return accounts.domain.base_url()

    def jwks_url(self, accounts: Accounts) -> str:
        return f"{accounts.issuer}/.well-known/jwks.json"

    def connect_sources(self, stage: WebSocketStage, accounts: Accounts | None) -> Sequence[str]:
        sign_in = [self.sign_in_url(accounts)] if accounts else []
        return [stage.api.api_endpoint, *sign_in]

    def publish_page(self, web: Web, config: Mapping[str, object]) -> None:
        deploy_page(web, config, self._log_days)

    def adapt(self, stack: Stack) -> None:
        """AWS takes it as it is."""

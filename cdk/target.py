"""Deployment targets: the interface, and AWS. `local_target` has the other one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from aws_cdk import RemovalPolicy, Stack
from aws_cdk.aws_apigatewayv2 import WebSocketStage
from aws_cdk.aws_s3 import IBucket
from constructs import IDependable

from cdk.accounts import Accounts
from cdk.assets.functions import PackageTarget
from cdk.capacity import LAMBDA_PYTHON
from cdk.page_deployment import deploy_page
from cdk.settings import Settings
from cdk.web import Web

# uv's platforms for Lambda's architectures (Amazon Linux 2023 has glibc 2.34).
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}


class Target(Protocol):
    """The differences between AWS and MiniStack that the stacks depend on."""

    @property
    def package_target(self) -> PackageTarget:
        """Return the platform and Python version of the functions' packages."""

    @property
    def data_removal_policy(self) -> RemovalPolicy:
        """Return the removal policy of the data; RETAIN adds deletion protection where possible."""

    @property
    def bucket_enforces_tls(self) -> bool:
        """Return whether the page's bucket refuses plain HTTP."""

    @property
    def bucket_auto_deletes_objects(self) -> bool:
        """Return whether a function has to empty the bucket before its deletion."""

    @property
    def has_monitoring(self) -> bool:
        """Return whether to create alarms and a dashboard."""

    @property
    def worker_environment(self) -> Mapping[str, str]:
        """Return additional environment variables of the worker."""

    @property
    def upload_environment(self) -> Mapping[str, str]:
        """Return additional environment variables of the function that signs uploads."""

    def websocket_callback_url(self, stage: WebSocketStage) -> str:
        """Return the URL of the @connections API."""

    def page_websocket_url(self, stage: WebSocketStage) -> str:
        """Return the URL of the page's WebSocket, absolute or relative to the page."""

    def sign_in_callback_url(self, web: Web) -> str:
        """Return the page's URL to which Cognito redirects after sign-in and sign-out."""

    def sign_in_url(self, accounts: Accounts) -> str:
        """Return the URL of the hosted sign-in, absolute or relative to the page."""

    def jwks_url(self, accounts: Accounts) -> str:
        """Return the URL of the user pool's JSON Web Key Set."""

    def connect_sources(
        self, stage: WebSocketStage, accounts: Accounts | None, uploads: IBucket | None
    ) -> Sequence[str]:
        """Return the origins that the page connects to besides its own."""

    def publish_page(
        self, web: Web, config: Mapping[str, object], *, after: Sequence[IDependable]
    ) -> None:
        """Publish html/ and config.json after `after`, or output config.json for `make run`."""

    def remove_unsupported(self, stack: Stack) -> None:
        """Remove the resources of a complete stack that the target does not support."""


class AwsTarget:
    """An AWS account."""

    data_removal_policy = RemovalPolicy.RETAIN
    bucket_enforces_tls = True
    bucket_auto_deletes_objects = True
    has_monitoring = True
    worker_environment: Mapping[str, str] = {}
    upload_environment: Mapping[str, str] = {}

    def __init__(self, settings: Settings) -> None:
        self.package_target = PackageTarget(PLATFORMS[settings.architecture], LAMBDA_PYTHON)
        self._log_days = settings.log_days

    def websocket_callback_url(self, stage: WebSocketStage) -> str:
        return stage.callback_url

    def page_websocket_url(self, stage: WebSocketStage) -> str:
        return stage.url

    def sign_in_callback_url(self, web: Web) -> str:
        return f"{web.page_url}/"

    def sign_in_url(self, accounts: Accounts) -> str:
        return accounts.domain.base_url()

    def jwks_url(self, accounts: Accounts) -> str:
        return f"{accounts.issuer}/.well-known/jwks.json"

    def connect_sources(
        self, stage: WebSocketStage, accounts: Accounts | None, uploads: IBucket | None
    ) -> Sequence[str]:
        sign_in = [self.sign_in_url(accounts)] if accounts else []
        return [stage.api.api_endpoint, *sign_in, *([_origin(uploads)] if uploads else [])]

    def publish_page(
        self, web: Web, config: Mapping[str, object], *, after: Sequence[IDependable]
    ) -> None:
        deploy_page(web, config, self._log_days, after)

    def remove_unsupported(self, stack: Stack) -> None:
        """Do nothing: AWS supports all of them."""


def _origin(bucket: IBucket) -> str:
    """Return a bucket's origin, built from its name.

    The attribute RegionalDomainName would be one more export, which CloudFormation could not delete
    once the setting `documents` is switched off.
    """
    stack = Stack.of(bucket)
    return f"https://{bucket.bucket_name}.s3.{stack.region}.{stack.url_suffix}"

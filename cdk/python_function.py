"""Lambda functions in Python, each with its own log group and a minimal role."""

from collections.abc import Mapping
from dataclasses import dataclass

import jsii
from aws_cdk import Duration
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import (
    Architecture,
    Code,
    DestinationConfig,
    DestinationType,
    Function,
    IDestination,
    IFunction,
    Runtime,
    Tracing,
)
from constructs import Construct

from cdk.acknowledgement import acknowledge
from cdk.assets.functions import ROOT, PackageTarget, bundle_function
from cdk.monitoring.logs import log_group

_ARCHITECTURES = {"arm64": Architecture.ARM_64, "x86_64": Architecture.X86_64}


@dataclass(frozen=True)
class PythonFunctions:
    """A factory for functions with the deployment's architecture, log retention and stage."""

    package_target: PackageTarget
    architecture: str
    log_days: int
    stage: str

    def code(self, folder: str) -> Code:
        """Bundle a lambda-* folder into an asset, which its functions share."""
        bundle = bundle_function(ROOT / folder, self.package_target)
        return Code.from_asset(str(bundle), asset_hash=bundle.name.rpartition("-")[2])

    def add(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: Code,
        description: str,
        environment: Mapping[str, str],
        memory_mb: int,
        timeout: Duration,
        handler: str = "lambda_function.lambda_handler",
        retry_attempts: int | None = None,
        max_event_age: Duration | None = None,
        on_failure: Function | None = None,
        reserved_concurrency: int | None = None,
    ) -> Function:
        """Add a function with permission to write its own log and traces, and no other."""
        logs = log_group(scope, f"{construct_id}Logs", self.log_days)
        role = Role(
            scope, f"{construct_id}Role", assumed_by=ServicePrincipal("lambda.amazonaws.com")
        )
        logs.grant_write(role)
        function = Function(
            scope,
            construct_id,
            architecture=_ARCHITECTURES[self.architecture],
            code=code,
            description=description,
            environment={"STAGE": self.stage, **environment},
            handler=handler,
            log_group=logs,
            max_event_age=max_event_age,
            memory_size=memory_mb,
            reserved_concurrent_executions=reserved_concurrency,
            on_failure=_Destination(on_failure) if on_failure else None,
            retry_attempts=retry_attempts,
            role=role,
            runtime=Runtime.PYTHON_3_13,
            timeout=timeout,
            tracing=Tracing.ACTIVE,
        )
        acknowledge(role, **{"IAM5[Resource::*]": "X-Ray's actions have no resource"})
        acknowledge(function, L1="Python 3.13 is supported until 2029, and the tests use it")
        return function


@jsii.implements(IDestination)
class _Destination:
    """A function as a destination; LambdaDestination would also grant all of its versions."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def bind(self, scope: Construct, fn: IFunction, *, type: DestinationType) -> DestinationConfig:
        return DestinationConfig(destination=self._function.function_arn)


def allow(
    function: Function,
    actions: list[str],
    resources: list[str],
    conditions: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    """Grant these actions only; the CDK's grant methods add actions and wildcards."""
    function.add_to_role_policy(
        PolicyStatement(actions=actions, resources=resources, conditions=conditions)
    )

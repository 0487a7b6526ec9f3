"""The REST API through which the page reads and tidies its conversations."""

import json
from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk.aws_apigateway import (
    AuthorizationType,
    EndpointType,
    LambdaIntegration,
    MethodOptions,
    RequestAuthorizer,
    ResponseType,
    RestApi,
    StageOptions,
)
from aws_cdk.aws_cloudfront_origins import HttpOrigin
from aws_cdk.aws_lambda import Code
from constructs import Construct

from cdk.acknowledgement import acknowledge
from cdk.python_function import PythonFunctions

REST_STAGE = "api"
# A page makes a handful of calls; the account's quota is 10,000 a second for everything.
RATE_LIMIT, BURST_LIMIT = 200, 200
MEMORY_MB = 896
# What API Gateway refuses by itself, in the shape of the history function's own errors.
REFUSALS = (
    ("BadRequest", ResponseType.DEFAULT_4_XX, None, "bad_request"),
    ("Unauthorized", ResponseType.UNAUTHORIZED, "401", "unauthorized"),
    ("AccessDenied", ResponseType.ACCESS_DENIED, "403", "unauthorized"),
    ("Throttled", ResponseType.THROTTLED, "429", "throttled"),
    ("TooLarge", ResponseType.REQUEST_TOO_LARGE, "413", "too_large"),
    # An unknown path is called a missing token by API Gateway.
    ("NotFound", ResponseType.MISSING_AUTHENTICATION_TOKEN, "404", "not_found"),
    ("Internal", ResponseType.DEFAULT_5_XX, None, "internal"),
)


class HistoryApi(Construct):
    """Exposes `api`, `function` and the `origin` that CloudFront asks."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: PythonFunctions,
        code: Code,
        environment: Mapping[str, str],
        authorizer: RequestAuthorizer,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = functions.add(
            self,
            "History",
            code=code,
            description="Lists, renames and deletes conversations",
            environment=environment,
            memory_mb=MEMORY_MB,
            timeout=Duration.seconds(29),
        )
        self.api = RestApi(
            self,
            "Api",
            rest_api_name=f"{Stack.of(self).stack_name}-History",
            description="History of conversations",
            endpoint_types=[EndpointType.REGIONAL],
            deploy_options=StageOptions(
                stage_name=REST_STAGE,
                throttling_rate_limit=RATE_LIMIT,
                throttling_burst_limit=BURST_LIMIT,
                tracing_enabled=True,
            ),
            default_integration=LambdaIntegration(self.function, scope_permission_to_method=False),
            default_method_options=MethodOptions(
                authorizer=authorizer, authorization_type=AuthorizationType.CUSTOM
            ),
        )
        self._add_methods()
        self._add_refusals()
        logging_role = (
            "Needs a logging role that is one setting for the account's whole region, "
            "not ours to change; the function logs each request"
        )
        acknowledge(
            self.api,
            APIG1=logging_role,
            APIG2="The function checks every field itself, as contract D words the errors",
            APIG3="A web ACL costs money while idle; requests are throttled and authorized",
            APIG6=logging_role,
            COG4="Our own authorizer knows guests and, where so configured, Cognito's tokens",
        )

    @property
    def origin(self) -> HttpOrigin:
        """For CloudFront, made from the API's id and not from its stage.

        The stage depends on every method, each method on the authorizer, and the authorizer is told
        the distribution's domain: by way of the stage, the distribution would depend on itself.
        """
        stack = Stack.of(self)
        host = f"{self.api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        return HttpOrigin(host, origin_path=f"/{REST_STAGE}")

    def _add_methods(self) -> None:
        history = self.api.root.add_resource("history")
        conversations = history.add_resource("conversations")
        conversation = conversations.add_resource("{id}")
        for resource, methods in (
            (history, ("GET", "DELETE")),
            (conversations, ("GET",)),
            (conversation, ("PATCH", "DELETE")),
        ):
            for method in methods:
                resource.add_method(method)

    def _add_refusals(self) -> None:
        for name, response_type, status, code in REFUSALS:
            body = json.dumps({"code": code, "message": "$context.error.message"})
            self.api.add_gateway_response(
                name, type=response_type, status_code=status, templates={"application/json": body}
            )

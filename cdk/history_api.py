"""The REST API for the history of conversations."""

import json
import math
from collections.abc import Mapping
from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk.aws_apigateway import (
    AuthorizationType,
    CfnMethod,
    EndpointType,
    LambdaIntegration,
    MethodDeploymentOptions,
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
from cdk.capacity import HISTORY_MEMORY_MB, SEARCH_SHARE
from cdk.python_function import PythonFunctions

REST_STAGE = "api"
SHARED = "/history/shared"  # the path of the only public method
# API Gateway's own errors (name, type, status, code), in the format of docs/openapi.yaml.
GATEWAY_ERRORS = (
    ("BadRequest", ResponseType.DEFAULT_4_XX, None, "bad_request"),
    ("Unauthorized", ResponseType.UNAUTHORIZED, "401", "unauthorized"),
    ("AccessDenied", ResponseType.ACCESS_DENIED, "403", "unauthorized"),
    ("Throttled", ResponseType.THROTTLED, "429", "throttled"),
    ("TooLarge", ResponseType.REQUEST_TOO_LARGE, "413", "too_large"),
    # API Gateway's error for an unknown path.
    ("NotFound", ResponseType.MISSING_AUTHENTICATION_TOKEN, "404", "not_found"),
    ("Internal", ResponseType.DEFAULT_5_XX, None, "internal"),
)


class HistoryApi(Construct):
    """Exposes `api`, `function`, and `origin` for CloudFront."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: PythonFunctions,
        code: Code,
        environment: Mapping[str, str],
        authorizer: RequestAuthorizer,
        rate: int,
        burst: int,
        has_documents: bool,
        has_feedback: bool,
        shared_throttle: MethodDeploymentOptions | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = functions.add(
            self,
            "History",
            code=code,
            description="Lists, searches, renames and deletes conversations and documents",
            environment=environment,
            memory_mb=HISTORY_MEMORY_MB,
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
                throttling_rate_limit=rate,
                throttling_burst_limit=burst,
                method_options={
                    "/history/search/POST": MethodDeploymentOptions(
                        throttling_rate_limit=rate * SEARCH_SHARE,
                        throttling_burst_limit=math.ceil(burst * SEARCH_SHARE),
                    ),
                    **({f"{SHARED}/GET": shared_throttle} if shared_throttle else {}),
                },
                tracing_enabled=True,
            ),
            default_integration=LambdaIntegration(self.function, scope_permission_to_method=False),
            default_method_options=MethodOptions(
                authorizer=authorizer, authorization_type=AuthorizationType.CUSTOM
            ),
        )
        self._add_methods(has_documents, has_feedback)
        if shared_throttle:
            self._add_sharing()
        self._add_gateway_responses()
        logging_role = (
            "Needs a logging role, which is one setting for the whole account and region; the "
            "function logs each request"
        )
        acknowledge(
            self.api,
            APIG1=logging_role,
            APIG2="The function validates every field and returns the errors of docs/openapi.yaml",
            APIG3="A web ACL has a fixed monthly price; requests are throttled and authorized",
            APIG6=logging_role,
            COG4="The Lambda authorizer verifies Cognito's tokens, and those of guests",
        )

    @property
    def origin(self) -> HttpOrigin:
        """Return the API as CloudFront's origin, built from the API's id instead of its stage.

        The stage depends on the methods, these on the authorizer, and its environment on the
        distribution: an origin built from the stage would be a circular dependency.
        """
        stack = Stack.of(self)
        host = f"{self.api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        return HttpOrigin(host, origin_path=f"/{REST_STAGE}")

    def _add_sharing(self) -> None:
        """Add the methods of shares. The key in a header is what authorizes a reader of one."""
        add = self.api.root.resource_for_path
        for path, method in (
            ("/history/conversations/{id}/shares", "POST"),
            ("/history/conversations/{id}/copy", "POST"),
            ("/history/shares", "GET"),
            ("/history/shares/{share_id}", "DELETE"),
        ):
            add(path).add_method(method)
        shared = add(SHARED).add_method("GET")
        # The CDK does not let a method do without the default authorizer.
        public = cast(CfnMethod, shared.node.default_child)
        public.authorization_type, public.authorizer_id = AuthorizationType.NONE.value, None
        by_key = "Readers of a shared copy have no account; its key is 256 random bits"
        acknowledge(shared, APIG4=by_key, COG4=by_key)

    def _add_methods(self, has_documents: bool, has_feedback: bool) -> None:
        history = self.api.root.add_resource("history")
        instructions = history.add_resource("instructions")
        conversations = history.add_resource("conversations")
        conversation = conversations.add_resource("{id}")
        turn = conversation.add_resource("turns").add_resource("{turn_id}")
        endpoints = [
            (history, ("GET", "DELETE")),
            (history.add_resource("search"), ("POST",)),
            (instructions, ("GET", "PUT")),
            (conversations, ("GET",)),
            (conversation, ("PATCH", "DELETE")),
            (turn, ("DELETE",)),
        ]
        if has_feedback:
            endpoints.append((turn.add_resource("feedback"), ("PUT", "DELETE")))
        if has_documents:
            documents = conversation.add_resource("documents")
            document = documents.add_resource("{document_id}")
            endpoints += [
                (documents, ("GET", "POST")),
                (document, ("DELETE",)),
                (document.add_resource("read"), ("POST",)),
                (document.add_resource("text"), ("GET",)),
            ]
        for resource, methods in endpoints:
            for method in methods:
                resource.add_method(method)

    def _add_gateway_responses(self) -> None:
        for name, response_type, status, code in GATEWAY_ERRORS:
            body = json.dumps({"code": code, "message": "$context.error.message"})
            self.api.add_gateway_response(
                name, type=response_type, status_code=status, templates={"application/json": body}
            )

"""The WebSocket API of the chat, and its functions."""

from collections.abc import Mapping
from itertools import pairwise
from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk.aws_apigatewayv2 import CfnStage, ThrottleSettings, WebSocketStage
from aws_cdk.aws_apigatewayv2 import WebSocketApi as Api
from aws_cdk.aws_apigatewayv2_authorizers import WebSocketLambdaAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import WebSocketLambdaIntegration
from aws_cdk.aws_lambda import Code
from constructs import Construct

from cdk.acknowledgement import acknowledge
from cdk.capacity import ROUTES_MEMORY_MB, WORKER_MEMORY_MB
from cdk.python_function import PythonFunctions
from cdk.settings import Settings

WEBSOCKET_STAGE = "chat"
ROUTES_WITHOUT_RESPONSE = ("$connect", "$disconnect")
# API Gateway sends the integration's response to the client, without a call to @connections.
ROUTES_WITH_RESPONSE = ("chat", "stop", "resume", "continue", "ping", "$default")


class WebSocketApi(Construct):
    """Exposes `api` and `stage`; after `add_functions`, also `routes`, `worker` and `failure`."""

    def __init__(self, scope: Construct, construct_id: str, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.api = Api(
            self,
            "Api",
            api_name=f"{Stack.of(self).stack_name}-Chat",
            description="Chat over WebSocket",
            route_selection_expression="$request.body.action",
        )
        self.stage = WebSocketStage(
            self,
            "Stage",
            web_socket_api=self.api,
            stage_name=WEBSOCKET_STAGE,
            auto_deploy=True,
            throttle=ThrottleSettings(
                rate_limit=settings.frame_rate, burst_limit=settings.frame_burst
            ),
        )
        # A socket costs more than a frame: an authorizer, and connection minutes.
        cast(CfnStage, self.stage.node.default_child).route_settings = {
            "$connect": {
                "ThrottlingRateLimit": settings.connect_rate,
                "ThrottlingBurstLimit": settings.connect_burst,
            }
        }
        acknowledge(
            self.api, APIG4="A WebSocket API authorizes the connection at $connect, not each route"
        )
        acknowledge(
            self.stage,
            APIG1="Needs a logging role, which is one setting for the whole account and region; "
            "the functions log each event",
        )

    def add_functions(
        self,
        functions: PythonFunctions,
        code: Code,
        routes_environment: Mapping[str, str],
        worker_environment: Mapping[str, str],
        failure_environment: Mapping[str, str],
        worker_concurrency: int | None,
    ) -> None:
        """Add the three functions, which share one asset.

        `worker_concurrency` is the worker's reserved concurrency, None for no reservation.
        """
        self.failure = functions.add(
            self,
            "Failure",
            code=code,
            handler="failure_function.lambda_handler",
            description="Ends a turn after all its runs have crashed",
            environment=failure_environment,
            memory_mb=512,
            # Includes the wait for the last run's lease to expire (3 s).
            timeout=Duration.seconds(30),
        )
        self.worker = functions.add(
            self,
            "Worker",
            code=code,
            handler="worker_function.lambda_handler",
            description="Runs one turn: builds the prompt, streams and stores the answer",
            environment=worker_environment,
            memory_mb=WORKER_MEMORY_MB,
            # The longest answers stream for about 75 s; retries of throttled calls add to that.
            timeout=Duration.minutes(5),
            retry_attempts=2,
            # After that, the client's `resume` starts another run.
            max_event_age=Duration.minutes(10),
            on_failure=self.failure,
            reserved_concurrency=worker_concurrency,
        )
        self.routes = functions.add(
            self,
            "Routes",
            code=code,
            description="Handles the frames of clients and invokes the worker",
            environment={**routes_environment, "WORKER_FUNCTION_NAME": self.worker.function_name},
            memory_mb=ROUTES_MEMORY_MB,
            # API Gateway's limit is 29 s, but the client has sent `resume` long before.
            timeout=Duration.seconds(10),
        )

    def add_routes(self, authorizer: WebSocketLambdaAuthorizer) -> None:
        """Connect all routes to the routes function. API Gateway authorizes $connect only."""
        integration = WebSocketLambdaIntegration("RoutesIntegration", self.routes)
        routes = [
            self.api.add_route(
                key,
                integration=integration,
                authorizer=authorizer if key == "$connect" else None,
                return_response=key in ROUTES_WITH_RESPONSE,
            )
            for key in (*ROUTES_WITHOUT_RESPONSE, *ROUTES_WITH_RESPONSE)
        ]
        # API Gateway refuses concurrent changes of one API with a ConflictException, and the stage
        # deploys each route that it finds.
        for before, after in pairwise([*routes, self.stage]):
            after.node.add_dependency(before)

"""The chat's WebSocket API and the functions behind it."""

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk.aws_apigatewayv2 import ThrottleSettings, WebSocketStage
from aws_cdk.aws_apigatewayv2 import WebSocketApi as Api
from aws_cdk.aws_apigatewayv2_authorizers import WebSocketLambdaAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import WebSocketLambdaIntegration
from aws_cdk.aws_lambda import Code
from constructs import Construct

from cdk.acknowledgement import acknowledge
from cdk.python_function import PythonFunctions

WEBSOCKET_STAGE = "chat"
SILENT_ROUTES = ("$connect", "$disconnect")
# What their integration returns goes back on the socket, without a call to @connections.
ANSWERED_ROUTES = ("chat", "stop", "resume", "continue", "ping", "$default")
# Frames a second of all clients: as many as the account's quota has new connections.
RATE_LIMIT, BURST_LIMIT = 500, 500
# CPU comes with memory: LangChain takes a second of CPU to import, the routes mostly wait.
WORKER_MEMORY_MB, ROUTES_MEMORY_MB = 1024, 896


class WebSocketApi(Construct):
    """Exposes `stage`, whose URLs functions are told, then `routes`, `worker` and `failure`."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
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
            throttle=ThrottleSettings(rate_limit=RATE_LIMIT, burst_limit=BURST_LIMIT),
        )
        acknowledge(self.api, APIG4="A WebSocket is authorized once, at $connect, for all routes")
        acknowledge(
            self.stage,
            APIG1="Needs a logging role that is one setting for the account's whole region, "
            "not ours to change; the functions log each event",
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
        """Make the functions from one asset; routes is told the worker's name besides.

        `worker_concurrency` workers at once at most, and so many always; None for neither.
        """
        self.failure = functions.add(
            self,
            "Failure",
            code=code,
            handler="failure_function.lambda_handler",
            description="Ends a turn whose every run died",
            environment=failure_environment,
            memory_mb=512,
            # It may wait out the last dead run's lease, six seconds.
            timeout=Duration.seconds(30),
        )
        self.worker = functions.add(
            self,
            "Worker",
            code=code,
            handler="worker_function.lambda_handler",
            description="Does one run of one turn: prompt, stream, store",
            environment=worker_environment,
            memory_mb=WORKER_MEMORY_MB,
            # The longest answers stream for some 75 s; throttled retries come on top.
            timeout=Duration.minutes(5),
            retry_attempts=2,
            # An answer that could not begin by then is asked for again by `resume`.
            max_event_age=Duration.minutes(10),
            on_failure=self.failure,
            reserved_concurrency=worker_concurrency,
        )
        self.routes = functions.add(
            self,
            "Routes",
            code=code,
            description="Answers a socket's frames in milliseconds, hands turns to the worker",
            environment={**routes_environment, "WORKER_FUNCTION_NAME": self.worker.function_name},
            memory_mb=ROUTES_MEMORY_MB,
            # API Gateway gives up after 29 s; a frame that takes 10 s is lost anyway.
            timeout=Duration.seconds(10),
        )

    def add_routes(self, authorizer: WebSocketLambdaAuthorizer) -> None:
        """Let every route reach the routes function; only $connect can be authorized."""
        integration = WebSocketLambdaIntegration("RoutesIntegration", self.routes)
        for key in (*SILENT_ROUTES, *ANSWERED_ROUTES):
            self.api.add_route(
                key,
                integration=integration,
                authorizer=authorizer if key == "$connect" else None,
                return_response=key in ANSWERED_ROUTES,
            )

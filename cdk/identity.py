"""The Lambda authorizer of both APIs."""

from aws_cdk import Duration
from aws_cdk.aws_apigateway import IdentitySource, RequestAuthorizer
from aws_cdk.aws_apigatewayv2_authorizers import WebSocketLambdaAuthorizer
from constructs import Construct

from cdk.python_function import PythonFunctions

# A cached policy could outlive an access token; a guest's secret does not expire.
_REST_CACHE_TTL = {"guest": Duration.minutes(5), "cognito": Duration.seconds(0)}


class Identity(Construct):
    """Exposes `function`, `websocket_authorizer` and `rest_authorizer`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, functions: PythonFunctions, auth: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = functions.add(
            self,
            "Authorizer",
            code=functions.code("lambda-authorizer"),
            description="Verifies a bearer token and returns its principal",
            environment={"AUTH": auth},
            # The smallest size with an acceptable cold start: a guest's token is only hashed, but
            # Cognito's needs the import of a signature library.
            memory_mb=256 if auth == "guest" else 512,
            timeout=Duration.seconds(5),
        )
        self.websocket_authorizer = WebSocketLambdaAuthorizer(
            "SubprotocolAuthorizer",
            self.function,
            # A browser can set subprotocols on a WebSocket, but no other header.
            identity_source=["route.request.header.Sec-WebSocket-Protocol"],
        )
        self.rest_authorizer = RequestAuthorizer(
            self,
            "BearerAuthorizer",
            handler=self.function,
            identity_sources=[IdentitySource.header("Authorization")],
            results_cache_ttl=_REST_CACHE_TTL[auth],
        )

"""Who is calling: the authorizer that stands before both APIs."""

from aws_cdk import Duration
from aws_cdk.aws_apigateway import IdentitySource, RequestAuthorizer
from aws_cdk.aws_apigatewayv2_authorizers import WebSocketLambdaAuthorizer
from constructs import Construct

from cdk.python_function import PythonFunctions

# A guest's secret does not end. A token that does is asked about each time: an answer that is kept
# would outlive it.
_REST_CACHE = {"guest": Duration.minutes(5), "cognito": Duration.seconds(0)}


class Identity(Construct):
    """Exposes the function and one authorizer for each kind of API."""

    def __init__(
        self, scope: Construct, construct_id: str, *, functions: PythonFunctions, auth: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = functions.add(
            self,
            "Authorizer",
            code=functions.code("lambda-authorizer"),
            description="Turns a bearer token into a principal, or refuses it",
            environment={"AUTH": auth},
            # Hashing one token is all it does for guests: the smallest size with a tolerable cold
            # start. Loading a library for signatures takes twice as long.
            memory_mb=256 if auth == "guest" else 512,
            timeout=Duration.seconds(5),
        )
        self.websocket_authorizer = WebSocketLambdaAuthorizer(
            "SubprotocolAuthorizer",
            self.function,
            # A browser cannot set a header on a WebSocket, but it can name subprotocols.
            identity_source=["route.request.header.Sec-WebSocket-Protocol"],
        )
        self.rest_authorizer = RequestAuthorizer(
            self,
            "BearerAuthorizer",
            handler=self.function,
            identity_sources=[IdentitySource.header("Authorization")],
            results_cache_ttl=_REST_CACHE[auth],
        )

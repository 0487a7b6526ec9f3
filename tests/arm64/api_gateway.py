"""A stand-in for API Gateway: the chat's WebSocket API, and the history's REST API."""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from http import HTTPStatus
from threading import Thread
from typing import Any

from chat_shared.principal import Principal
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tests.arm64.lambda_service import LOOPBACK, FunctionError, LambdaService
from tests.builders import (
    REST_ARN,
    WEBSOCKET_ARN,
    authorizer_event,
    rest_event,
    websocket_event,
)

REFUSED = "Unauthorized"  # the only message of an authorizer that gives 401 instead of 500


class Refused(Exception):
    """A request is not authorized; the status is the response's."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def authorize(functions: LambdaService, headers: Mapping[str, str], method_arn: str) -> Principal:
    """Return the authorizer's principal, if its policy allows the method; raise Refused."""
    try:
        answer = functions.invoke("authorizer", authorizer_event(dict(headers), method_arn))
    except FunctionError as error:
        raise Refused(401 if error.payload["errorMessage"] == REFUSED else 500) from error
    (statement,) = answer["policyDocument"]["Statement"]
    if statement["Effect"] != "Allow" or not fnmatchcase(method_arn, statement["Resource"]):
        raise Refused(403)
    return Principal(answer["context"]["user_id"])


def call_history(
    functions: LambdaService, token: str, resource: str, **query: str
) -> tuple[int, Any]:
    """Return status and body of a GET of the REST API."""
    try:
        user = authorize(functions, {"Authorization": f"Bearer {token}"}, REST_ARN)
    except Refused as refused:
        return refused.status, None
    answer = functions.invoke("history", rest_event("GET", resource, query=query, user=user))
    return answer["statusCode"], json.loads(answer["body"])


class WebSocketApi:
    """An API with one integration, `routes`, and one authorizer.

    `keys` are the routes with a route response; a frame whose action has none is for `$default`.
    """

    def __init__(self, functions: LambdaService, keys: frozenset[str]) -> None:
        self._functions = functions
        self._keys = keys
        self._sockets: dict[str, ServerConnection] = {}
        # From the handshake to the socket: connection id, user, subprotocol.
        self._opened: dict[ServerConnection, tuple[str, Principal, str]] = {}
        self._server = serve(
            self._serve_socket,
            LOOPBACK,
            0,
            process_request=self._connect,
            select_subprotocol=self._subprotocol,
            open_timeout=None,
            ping_interval=None,
        )
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"ws://{LOOPBACK}:{self._server.socket.getsockname()[1]}"

    def post(self, connection_id: str, body: bytes) -> bool:
        """Send a frame as @connections does; return False if the socket is gone."""
        socket = self._sockets.get(connection_id)
        try:
            if socket:
                socket.send(body.decode())
                return True
        except ConnectionClosed:
            pass
        return False

    def close(self) -> None:
        self._server.shutdown()

    def _connect(self, socket: ServerConnection, request: Request) -> Response | None:
        headers = dict(request.headers.raw_items())
        # Without the identity source, API Gateway does not call the authorizer.
        if "Sec-WebSocket-Protocol" not in headers:
            return socket.respond(HTTPStatus.UNAUTHORIZED, "")
        try:
            user = authorize(self._functions, headers, WEBSOCKET_ARN)
        except Refused as refused:
            return socket.respond(HTTPStatus(refused.status), "")
        connection_id = base64.b64encode(uuid.uuid4().bytes)[:15].decode() + "="
        answer = self._route("$connect", None, user, connection_id)
        if answer["statusCode"] != 200:
            return socket.respond(HTTPStatus(answer["statusCode"]), "")
        subprotocol = answer["headers"]["Sec-WebSocket-Protocol"]
        self._opened[socket] = connection_id, user, subprotocol
        return None

    def _subprotocol(self, socket: ServerConnection, _: Sequence[Subprotocol]) -> Subprotocol:
        return Subprotocol(self._opened[socket][2])

    def _serve_socket(self, socket: ServerConnection) -> None:
        connection_id, user, _ = self._opened.pop(socket)
        self._sockets[connection_id] = socket
        try:
            for text in socket:
                key = route_key(str(text), self._keys)
                answer = self._route(key, str(text), user, connection_id)
                if body := answer.get("body"):
                    socket.send(body)
        finally:
            del self._sockets[connection_id]
            self._route("$disconnect", None, user, connection_id)

    def _route(self, key: str, body: str | None, user: Principal, connection_id: str) -> Any:
        event = websocket_event(key, body, user=user, connection_id=connection_id)
        return self._functions.invoke("routes", event)


def route_key(text: str, keys: frozenset[str]) -> str:
    """Return the route that `$request.body.action` selects."""
    try:
        action = str(json.loads(text)["action"])
    except (ValueError, TypeError, KeyError):
        return "$default"
    return action if action in keys else "$default"

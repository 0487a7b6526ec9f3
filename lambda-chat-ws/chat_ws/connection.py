"""The connection to a client: API Gateway's @connections."""

from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chat_ws.protocol import ServerFrame, encode

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


class Gone(Exception):
    """The socket is closed, or the frame could not be delivered after retries."""


class Connections(Protocol):
    def post(self, connection_id: str, frame: ServerFrame) -> None:
        """Send one frame; raise Gone if it cannot be delivered."""


class ApiGatewayConnections:
    def __init__(self, client: "ApiGatewayManagementApiClient") -> None:
        self._client = client

    def post(self, connection_id: str, frame: ServerFrame) -> None:
        """Send one frame; raise Gone if it still fails after botocore's retries.

        botocore retries 429, 5xx and broken connections with jitter. A lost frame costs no text:
        the answer is stored, and the client asks for it.
        """
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=encode(frame).encode())
        except (ClientError, BotoCoreError) as error:
            raise Gone from error

"""The way back to a client: API Gateway's @connections."""

from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chat_ws.protocol import ServerFrame, encode

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


class Gone(Exception):
    """Nobody is there: the socket is closed, or the frame could not be delivered after retries."""


class Connections(Protocol):
    def post(self, connection_id: str, frame: ServerFrame) -> None:
        """Sends one frame; raises Gone."""


class ApiGatewayConnections:
    def __init__(self, client: "ApiGatewayManagementApiClient") -> None:
        self._client = client

    def post(self, connection_id: str, frame: ServerFrame) -> None:
        """botocore retries what is worth it (429, 5xx, a broken connection), with jitter.

        Whatever still fails counts as gone: the answer is stored, and the client will ask for it.
        """
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=encode(frame).encode())
        except (ClientError, BotoCoreError) as error:
            raise Gone from error

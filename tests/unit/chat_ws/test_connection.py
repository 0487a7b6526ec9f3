from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from chat_ws.connection import ApiGatewayConnections, Gone
from chat_ws.protocol import Delta


class Management:
    """API Gateway's management client: one operation."""

    def __init__(self, error: Exception | None = None) -> None:
        self.posts: list[dict[str, Any]] = []
        self._error = error

    def post_to_connection(self, **parameters: Any) -> None:
        if self._error:
            raise self._error
        self.posts.append(parameters)


def test_a_frame_is_posted_as_utf8() -> None:
    client = Management()
    ApiGatewayConnections(client).post("connection-1", Delta("r", 1, 1, "서연"))  # type: ignore[arg-type] # a stub
    [post] = client.posts
    assert post["ConnectionId"] == "connection-1"
    assert "서연".encode() in post["Data"]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "GoneException"}}, "PostToConnection"),
        ClientError({"Error": {"Code": "LimitExceededException"}}, "PostToConnection"),
        ClientError({"Error": {"Code": "ForbiddenException"}}, "PostToConnection"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_whatever_cannot_be_delivered_is_gone(error: Exception) -> None:
    with pytest.raises(Gone):
        ApiGatewayConnections(Management(error)).post("connection-1", Delta("r", 1, 1, "가"))  # type: ignore[arg-type] # a stub

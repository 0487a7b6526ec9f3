"""The AWS endpoint of the functions, which enforces the policies of the template.

DynamoDB and Bedrock are those of the laptop run, to which calls are forwarded.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote
from urllib.request import Request, urlopen

from seoyeon.local.ministack.session import ACCOUNT, REGION
from tests.arm64.api_gateway import WebSocketApi
from tests.arm64.lambda_service import LOOPBACK, LambdaService

API_ID = "abcdefghij"
# The access key id of a function is its name.
CREDENTIAL = re.compile(r"Credential=(\w+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request")
FORWARDED = ("Accept", "Authorization", "Content-Type", "X-Amz-Target")
Grants = Mapping[str, set[str]]


@dataclass(frozen=True)
class Call:
    """An action on a resource, in IAM's terms."""

    action: str
    arn: str


def requested_calls(
    service: str, region: str, path: str, target: str, body: Mapping[str, Any]
) -> Iterator[Call]:
    """Yield the calls that a request needs permission for; `target` is its X-Amz-Target."""
    *_, name, last = map(unquote, path.split("/"))
    match service:
        case "dynamodb":
            operation = target.rpartition(".")[2]
            yield from dynamodb_calls(operation, region, body)
        case "bedrock":
            arn = f"arn:aws:bedrock:{region}::foundation-model/{name}"
            yield Call("bedrock:InvokeModelWithResponseStream", arn)
        case "lambda":
            yield Call(
                "lambda:InvokeFunction", f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
            )
        case "execute-api":
            arn = f"arn:aws:execute-api:{region}:{ACCOUNT}:{API_ID}/chat/POST/@connections/{last}"
            yield Call("execute-api:ManageConnections", arn)
        case _:
            raise ValueError(f"the functions have no policy for {service}")


def dynamodb_calls(operation: str, region: str, body: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the calls of an operation; a transaction needs permission for each of its items."""
    prefix = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/"
    if operation == "TransactWriteItems":
        for item in body["TransactItems"]:
            ((kind, request),) = item.items()
            yield Call(f"dynamodb:{kind}Item", prefix + request["TableName"])
    elif operation == "BatchWriteItem":
        for table in body["RequestItems"]:
            yield Call("dynamodb:BatchWriteItem", prefix + table)
    else:
        index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
        yield Call(f"dynamodb:{operation}", prefix + body["TableName"] + index)


@dataclass
class Endpoint:
    """A server for all services; `grants` has the functions' policies: resources by action."""

    functions: LambdaService
    sockets: WebSocketApi
    grants: Mapping[str, Grants]
    dynamodb_url: str
    bedrock_url: str
    calls: list[tuple[str, Call]] = field(default_factory=list)
    refused: list[tuple[str, Call]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # the connection of each 410

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer((LOOPBACK, 0), partial(Handler, self))
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def allows(self, function: str, call: Call) -> bool:
        """Record a call, and return whether the function's policy allows it."""
        self.calls.append((function, call))
        patterns = self.grants[function].get(call.action, set())
        allowed = any(fnmatchcase(call.arn, pattern) for pattern in patterns)
        if not allowed:
            self.refused.append((function, call))
        return allowed


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, endpoint: Endpoint, *args: Any) -> None:
        self._endpoint = endpoint
        super().__init__(*args)

    def handle(self) -> None:
        # A killed worker resets its connections.
        with suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        credential = CREDENTIAL.search(self.headers["Authorization"])
        assert credential, "the request is not signed"
        function, region, service = credential.groups()
        target = self.headers.get("X-Amz-Target", "")
        content = json.loads(body)
        calls = requested_calls(service, region, self.path, target, content)
        if not all(self._endpoint.allows(function, call) for call in calls):
            self._answer(403, {"__type": "AccessDeniedException"})
            return
        match service:
            case "dynamodb":
                self._forward(self._endpoint.dynamodb_url, body)
            case "bedrock":
                self._forward(self._endpoint.bedrock_url, body)
            case "lambda":
                *_, name, _ = self.path.split("/")
                self._endpoint.functions.invoke_async(name, content)
                self._answer(202)
            case "execute-api":
                self._post_to_connection(unquote(self.path.rpartition("/")[2]), body)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _post_to_connection(self, connection_id: str, body: bytes) -> None:
        if self._endpoint.sockets.post(connection_id, body):
            self._answer(200)
        else:
            self._endpoint.gone.append(connection_id)
            self._answer(410, {"message": "Gone"}, {"x-amzn-ErrorType": "GoneException"})

    def _forward(self, url: str, body: bytes) -> None:
        headers = {name: self.headers[name] for name in FORWARDED if name in self.headers}
        # MiniStack knows no such user, and checks no signature.
        headers["Authorization"] = CREDENTIAL.sub(
            rf"Credential=local/20261123/{REGION}/\3/aws4_request", headers["Authorization"]
        )
        request = Request(url + self.path, body, headers)  # noqa: S310 (ours)
        try:
            answer = urlopen(request)  # noqa: S310 (ours)
        except HTTPError as error:
            answer = error
        with answer:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            # Without chunks, the worker would wait for a kilobyte of the model's stream.
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while piece := answer.read1():
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    def _answer(
        self,
        status: int,
        body: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        content = json.dumps(body or {}).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

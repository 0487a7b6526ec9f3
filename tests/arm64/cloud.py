"""The deployment of a template to the stand-ins of AWS."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from seoyeon.local.ministack.session import ACCOUNT, REGION
from tests.arm64.api_gateway import WebSocketApi, call_history
from tests.arm64.endpoint import API_ID, Endpoint, Grants
from tests.arm64.lambda_service import ExecutionEnvironment, Function, LambdaService
from tests.infrastructure.conftest import Json, Template
from tests.infrastructure.test_permissions import granted

PAGE_URL = "https://d111111abcdef8.cloudfront.net"
WAIT_S = 120  # an emulated cold start takes half a minute on a busy machine
CALLBACK = "WEBSOCKET_CALLBACK_URL"
# Named by the environment of other functions; a chat without documents calls neither.
BUCKET, READER = "documents", "reader"
# The functions of the chat, and the folders of their packages.
FUNCTIONS = {
    "authorizer": "lambda-authorizer",
    "failure": "lambda-chat-ws",
    "history": "lambda-history",
    "routes": "lambda-chat-ws",
    "worker": "lambda-chat-ws",
}


@dataclass(frozen=True)
class Deployment:
    """The service stack's template, with the names of the stand-ins for its references."""

    service: Template
    table: str
    packages: Mapping[str, Path]

    def resolve(self, value: Any) -> str:
        """Return an expression's value; raise ValueError for an unknown reference."""
        text = self.service.text(value)
        for reference, name in self._names().items():
            text = text.replace(f"<{reference}>", name)
        if "<" in text:
            raise ValueError(f"nothing stands for the reference in {text}")
        return text

    def functions(self) -> list[Function]:
        logical_id, _ = self.service.function("worker")
        (destination,) = (
            each
            for each in self.service.properties("AWS::Lambda::EventInvokeConfig")
            if each["FunctionName"] == {"Ref": logical_id}
        )
        worker = {"retries": destination["MaximumRetryAttempts"], "on_failure": "failure"}
        return [self._function(name, worker if name == "worker" else {}) for name in FUNCTIONS]

    def grants(self) -> dict[str, Grants]:
        return {
            name: {
                action: set(map(self.resolve, resources))
                for action, resources in granted(self.service, self._properties(name)).items()
            }
            for name in FUNCTIONS
        }

    def responding_routes(self) -> frozenset[str]:
        """Return the keys of the routes whose reply API Gateway sends to the client."""
        responding = {
            response["RouteId"]["Ref"]
            for response in self.service.properties("AWS::ApiGatewayV2::RouteResponse")
        }
        routes = self.service.all("AWS::ApiGatewayV2::Route")
        return frozenset(routes[name]["Properties"]["RouteKey"] for name in responding)

    def _function(self, name: str, delivery: Json) -> Function:
        properties = self._properties(name)
        variables = properties["Environment"]["Variables"]
        return Function(
            name=name,
            package=self.packages[FUNCTIONS[name]],
            handler=properties["Handler"],
            memory_mb=properties["MemorySize"],
            timeout_s=properties["Timeout"],
            environment={key: self.resolve(value) for key, value in variables.items()},
            **delivery,
        )

    def _properties(self, name: str) -> Json:
        return self.service.function(name)[1]

    def _names(self) -> dict[str, str]:
        assert self.service.imported
        table, _ = self.service.imported.one("AWS::DynamoDB::Table")
        api, _ = self.service.one("AWS::ApiGatewayV2::Api")
        distribution, _ = self.service.one("AWS::CloudFront::Distribution")
        bucket, _ = self.service.imported.one("AWS::S3::Bucket")
        functions = {self.service.function(name)[0]: name for name in (*FUNCTIONS, READER)}
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
        return {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::URLSuffix": "amazonaws.com",
            table: self.table,
            f"{table}.Arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.table}",
            bucket: BUCKET,
            f"{bucket}.Arn": f"arn:aws:s3:::{BUCKET}",
            api: API_ID,
            f"{distribution}.DomainName": PAGE_URL.removeprefix("https://"),
            **functions,
            **{f"{logical_id}.Arn": arn + name for logical_id, name in functions.items()},
        }


class Cloud:
    """A deployment whose functions run under `python`; their logs are in a folder.

    `environment` has the variables of all functions.
    """

    def __init__(
        self,
        deployment: Deployment,
        python: list[str],
        environment: Mapping[str, str],
        logs: Path,
        dynamodb_url: str,
        bedrock_url: str,
    ) -> None:
        self._python = python
        self._environment = environment
        self._logs = logs
        self.functions = LambdaService(deployment.functions(), self._start)
        self.sockets = WebSocketApi(self.functions, deployment.responding_routes())
        self.endpoint = Endpoint(
            self.functions, self.sockets, deployment.grants(), dynamodb_url, bedrock_url
        )

    def connect(
        self, *protocols: str, origin: str = PAGE_URL
    ) -> AbstractContextManager[ClientConnection]:
        return connect(
            self.sockets.url,
            subprotocols=[Subprotocol(name) for name in protocols] or None,
            origin=Origin(origin),
            proxy=None,
            open_timeout=WAIT_S,
            ping_interval=None,
        )

    def history(self, token: str, resource: str, **query: str) -> tuple[int, Any]:
        """Return status and body of a GET of the history API."""
        return call_history(self.functions, token, resource, **query)

    def log(self, function: str) -> list[str]:
        return (self._logs / f"{function}.log").read_text(encoding="utf-8").splitlines()

    def close(self) -> None:
        self.functions.close()
        self.sockets.close()
        self.endpoint.close()

    def _start(self, function: Function) -> ExecutionEnvironment:
        url = self.endpoint.url
        variables = {
            **self._environment,
            # The endpoint knows its callers by the key.
            "AWS_ACCESS_KEY_ID": function.name,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
            "AWS_ENDPOINT_URL": url,
        }
        if CALLBACK in function.environment:
            variables[CALLBACK] = f"{url}/chat"
        log = self._logs / f"{function.name}.log"
        return ExecutionEnvironment(function, self._python, variables, log)

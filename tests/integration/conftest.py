"""Moto's DynamoDB, made as strict as DynamoDB where moto is more lenient, and its S3."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws

from tests.builders import REGION
from tests.expressions import check_request
from tests.table import create_bucket, create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table
    from mypy_boto3_s3.service_resource import Bucket

_numbers = count()


@contextmanager
def _no_profile() -> Iterator[None]:
    """Replace the AWS settings of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        yield


@pytest.fixture(scope="module")
def dynamodb() -> Iterator["DynamoDBServiceResource"]:
    with _no_profile(), mock_aws():
        resource = boto3.resource("dynamodb", region_name=REGION)
        client: Any = resource.meta.client
        client.meta.events.register("before-call.dynamodb", check_request)
        one_at_a_time, call = threading.Lock(), client._make_api_call

        def serialised(operation: str, parameters: dict[str, Any]) -> Any:
            # moto undoes a refused transaction by putting back a copy of all tables: what another
            # thread has written meanwhile is lost. DynamoDB serialises transactions.
            with one_at_a_time:
                return call(operation, parameters)

        client._make_api_call = serialised
        yield resource
        client.close()


@pytest.fixture(scope="module")
def module_bucket(dynamodb: "DynamoDBServiceResource") -> "Bucket":
    return create_bucket()


@pytest.fixture
def bucket(module_bucket: "Bucket") -> Iterator["Bucket"]:
    """The bucket of documents, empty."""
    yield module_bucket
    module_bucket.objects.delete()


@pytest.fixture
def table(dynamodb: "DynamoDBServiceResource") -> Iterator["Table"]:
    table = create_table(dynamodb, f"table-{next(_numbers)}")
    yield table
    table.delete()


class Reads:
    """The number of queries of the table, and of the items that they have read."""

    def __init__(self) -> None:
        self.queries = 0
        self.items = 0

    def __call__(self, parsed: dict[str, Any], **_: object) -> None:
        self.queries += 1
        self.items += parsed["ScannedCount"]


@pytest.fixture
def reads(table: "Table") -> Iterator[Reads]:
    reads = Reads()
    events = table.meta.client.meta.events
    events.register("after-call.dynamodb.Query", reads)
    yield reads
    events.unregister("after-call.dynamodb.Query", reads)


@pytest.fixture
def requests(table: "Table") -> Iterator[list[str]]:
    """The operations that were requested of the table, in order."""
    requests: list[str] = []
    events = table.meta.client.meta.events

    def record(model: Any, **_: object) -> None:
        requests.append(model.name)

    events.register("before-call.dynamodb", record)
    yield requests
    events.unregister("before-call.dynamodb", record)


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> Logger:
    """A logger as the functions have it; `logs` returns its output."""
    service = f"test-{next(_numbers)}"  # a logger's name identifies it
    return Logger(service=service, stream=written, log_uncaught_exceptions=False)


@pytest.fixture
def logs(written: io.StringIO) -> Callable[[], str]:
    """Return a function that returns the log."""
    return written.getvalue

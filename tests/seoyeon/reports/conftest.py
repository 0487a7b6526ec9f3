from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.builders import REGION
from tests.table import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator["Table"]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield create_table(boto3.resource("dynamodb", region_name=REGION), "reports")

"""The command `end-share`: the link that an operator names ends, and no other."""

import os
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from chat_shared.revocation import revoke
from chat_shared.shares import id_of, object_key
from history_api.errors import NotFound
from history_api.service import Service
from moto import mock_aws

from seoyeon.aws.end_share import end, end_link
from seoyeon.terminal.errors import CommandError
from tests.builders import ALICE, CONVERSATION, REGION, secret, store, turn
from tests.seoyeon.aws.support import deployment_target
from tests.table import BUCKET, create_bucket, create_service, create_table

ROOT = Path(__file__).parents[3]
KEY, OTHER_KEY = secret("share"), secret("another share")
numbers = count()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        table = create_table(boto3.resource("dynamodb", region_name=REGION), f"end-{next(numbers)}")
        create_bucket()
        service = create_service(table)
        head = store(table, turn(status="done", answer="경주")).turn_id
        for key in (KEY, OTHER_KEY):
            service.share(ALICE, CONVERSATION, f'{{"share_id": "{id_of(key)}", "head": "{head}"}}')
        yield service


def end_key(service: Service, key: str) -> str:
    s3: Any = service.document_store.s3
    return end(str(id_of(key)), service.table, s3, BUCKET, deployment_target())


def test_the_link_ends_and_leaves_the_list_and_others_stay(service: Service) -> None:
    assert ALICE.user_id in end_key(service, KEY)
    with pytest.raises(NotFound):
        service.shared(KEY)
    listed = service.shares(ALICE) or {}
    assert [each["share_id"] for each in listed["shares"]] == [id_of(OTHER_KEY)]
    assert service.shared(OTHER_KEY)


def test_an_ended_link_leads_to_nothing(service: Service) -> None:
    end_key(service, KEY)
    with pytest.raises(CommandError, match="stage test"):
        end_key(service, KEY)


def test_an_object_without_an_item_is_deleted(service: Service) -> None:
    s3 = service.document_store.s3
    body = s3.get_object(Bucket=BUCKET, Key=object_key(str(id_of(KEY))))
    content = body["Body"].read()
    revoke(service.table, s3, BUCKET, service.share_store.list_all(ALICE))
    key = object_key(str(id_of(KEY)))
    s3.put_object(Bucket=BUCKET, Key=key, Body=content, Metadata=body["Metadata"])
    assert service.shared(KEY)
    end_key(service, KEY)
    with pytest.raises(NotFound):
        service.shared(KEY)
    assert service.table.scan()["Items"]
    assert (service.shares(ALICE) or {})["shares"] == []


@pytest.mark.parametrize("link", ["", "https://chat.example.com/shared.html", KEY[:-1]])
def test_a_link_without_a_key_is_explained(link: str) -> None:
    with pytest.raises(CommandError, match="single quotes"):
        end_link(link, [], {})


def test_make_leaves_the_link_in_the_environment() -> None:
    """A link comes from a stranger's mail; no part of it may be run."""
    shown = subprocess.run(
        ["make", "--dry-run", "end-share"],  # noqa: S607 (fixed arguments)
        cwd=ROOT,
        env={**os.environ, "LINK": f"https://example.com/shared.html#{KEY}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = shown.splitlines()[-1].split()
    assert command[-4:] == ["-m", "seoyeon", "end-share", '"$LINK"']

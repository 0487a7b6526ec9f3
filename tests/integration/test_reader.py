"""The reading of a document, in every order of crash, deletion and repetition."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from chat_shared import documents
from chat_shared.documents import READING_SECONDS, Document, DocumentStatus, FailureCode, Part
from document_reader import entry
from document_reader.errors import Unreadable
from document_reader.extraction import Extraction
from document_reader.items import Items
from document_reader.job import Job
from document_reader.objects import Objects
from document_reader.reader import MAX_READINGS, Reader
from history_api.documents import ReadingJob

from tests.builders import ALICE, CONVERSATION, NOW, uuid
from tests.fakes import Clock, Context, RecordedMetrics
from tests.table import BUCKET, create_documents

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.service_resource import Bucket

DOCUMENT = uuid(3_000)
IDS = (ALICE.user_id, CONVERSATION, DOCUMENT)
UPLOAD, TEXT = documents.upload_key(*IDS), documents.text_key(*IDS)
FILE = b"%PDF-1.7 a made-up upload"
NAME = "비밀 규정.pdf"
PARTS = [Part("page", "1", "제1조 비밀"), Part("page", "2", "제2조")]
FOUND = Extraction("pdf", "page", 2, PARTS, 11, truncated=False, skipped={"header": 2})


class Stage:
    """A user's page, the history function and the reader, with a fake of the extraction."""

    def __init__(self, table: "Table", bucket: "Bucket", log: "Logger") -> None:
        self.table = table
        self.bucket = bucket
        self.clock = Clock(NOW)
        self.jobs: list[ReadingJob] = []
        self.documents = create_documents(table, self.clock, self.jobs.append)
        self.metrics = RecordedMetrics()
        self.s3: S3Client = boto3.client("s3")
        self.while_extracting: Callable[[], object] = lambda: None
        self.seen: list[tuple[bytes, str]] = []
        self._reader = Reader(
            Items(table, self.clock), Objects(self.s3, BUCKET), self._extract, log, self.metrics
        )

    def _extract(self, path: Path, name: str, seconds: float) -> Extraction:
        assert seconds < READING_SECONDS
        self.seen.append((path.read_bytes(), name))
        self.while_extracting()
        return FOUND

    def upload(self, content: bytes = FILE) -> None:
        self.bucket.put_object(Key=UPLOAD, Body=content)

    def start(self) -> Job:
        """Begin a reading, as the page does; return the payload that the reader gets."""
        self.documents.start_reading(ALICE, CONVERSATION, DOCUMENT)
        return Job(**asdict(self.jobs[-1]))

    def read(self, job: Job | None = None) -> None:
        self._reader.read(job or self.start())

    def delete(self) -> None:
        self.documents.delete(ALICE, CONVERSATION, DOCUMENT)

    @property
    def document(self) -> Document:
        return self.documents.find(ALICE, CONVERSATION, DOCUMENT)

    def outcome(self) -> tuple[DocumentStatus, FailureCode | None]:
        return self.document.status, self.document.code

    @property
    def keys(self) -> set[str]:
        return {found.key for found in self.bucket.objects.all()}

    @contextmanager
    def crash_at(self, call: int, *, done: bool) -> Iterator[list[str]]:
        """Fail a call of the reader and all that follow, before or after AWS has done the first.

        Yields the names of the calls.
        """
        called: list[str] = []
        clients = [self.table.meta.client.meta.events, self.s3.meta.events]

        def before(model: Any, **_: object) -> None:
            called.append(model.name)
            if len(called) > call or (len(called) == call and not done):
                raise EndpointConnectionError(endpoint_url="aws")

        def after(**_: object) -> None:
            if len(called) == call and done:
                raise EndpointConnectionError(endpoint_url="aws")

        for events in clients:
            events.register("before-call", before)
            events.register("after-call", after)
        try:
            yield called
        finally:
            for events in clients:
                events.unregister("before-call", before)
                events.unregister("after-call", after)


@pytest.fixture
def stage(table: "Table", bucket: "Bucket", log: "Logger") -> Stage:
    """A stage with an announced and uploaded document."""
    stage = Stage(table, bucket, log)
    stage.documents.add(ALICE, CONVERSATION, DOCUMENT, NAME, len(FILE))
    stage.upload()
    return stage


def test_a_document_is_ready_with_its_text_and_without_its_upload(stage: Stage) -> None:
    stage.read()

    document = stage.document
    assert (document.status, document.kind, document.unit) == ("ready", "pdf", "page")
    assert (document.units, document.characters, document.parts) == (2, 11, 2)
    assert (document.truncated, document.skipped) == (False, {"header": 2})
    assert stage.documents.parts(ALICE, CONVERSATION, DOCUMENT) == PARTS
    assert stage.keys == {TEXT}
    assert stage.seen == [(FILE, NAME)]
    assert stage.metrics.of("DocumentsRead") == [1]
    assert stage.metrics.of("ReadingTime")[0] > 0


@pytest.mark.parametrize("code", ["broken", "locked", "scanned", "too_large", "unsupported"])
def test_a_file_that_cannot_be_read_has_failed_with_its_code(
    stage: Stage, code: FailureCode
) -> None:
    def refuse() -> None:
        raise Unreadable(code)

    stage.while_extracting = refuse
    stage.read()

    assert stage.outcome() == ("failed", code)
    assert stage.keys == set()
    assert stage.metrics.of("DocumentFailures") == [1]
    assert stage.metrics.lines[-1]["code"] == code


def test_a_missing_upload_can_be_uploaded_and_read_again(stage: Stage) -> None:
    stage.bucket.objects.delete()
    stage.read()

    assert stage.outcome() == ("failed", "not_uploaded")
    assert stage.documents.sign_upload(stage.document)
    stage.upload()
    stage.read()
    assert stage.outcome() == ("ready", None)
    assert stage.keys == {TEXT}


def test_a_missing_upload_is_refused_by_s3_without_the_permission_to_list(stage: Stage) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    stage.s3.meta.events.register("before-call.s3.GetObject", refuse)
    stage.read()

    assert stage.outcome() == ("failed", "not_uploaded")


def test_an_upload_that_arrives_late_is_not_deleted(stage: Stage) -> None:
    stage.bucket.objects.delete()
    stage.s3.meta.events.register_last("after-call.s3.GetObject", lambda **_: stage.upload())
    stage.read()

    assert stage.outcome() == ("failed", "not_uploaded")
    assert stage.keys == {UPLOAD}


def test_an_upload_larger_than_announced_is_not_read(stage: Stage) -> None:
    stage.upload(FILE + b"!")
    stage.read()

    assert stage.outcome() == ("failed", "too_large")
    assert stage.seen == []
    assert stage.keys == set()


def test_a_document_is_read_a_limited_number_of_times(stage: Stage) -> None:
    """Its uploads and readings count once in the quotas."""

    def refuse() -> None:
        raise Unreadable("broken")

    stage.while_extracting = refuse
    for _ in range(MAX_READINGS + 1):
        stage.upload()
        stage.read()

    assert len(stage.seen) == MAX_READINGS
    assert stage.outcome() == ("failed", "broken")
    assert stage.keys == set()


def test_another_error_of_s3_is_no_missing_upload(stage: Stage) -> None:
    def throttle(**_: object) -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    stage.s3.meta.events.register("before-call.s3.GetObject", throttle)
    with pytest.raises(ClientError):
        stage.read()

    assert stage.document.status == "reading"
    assert stage.keys == {UPLOAD}


@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_document_deleted_before_its_end_leaves_nothing(stage: Stage, moment: str) -> None:
    job = stage.start()
    if moment == "before":
        stage.delete()
        stage.upload()  # under way when the document was deleted
    else:
        stage.while_extracting = stage.delete
    stage.read(job)

    assert stage.keys == set()
    assert stage.documents.list_all(ALICE, CONVERSATION) == []
    assert stage.metrics.lines == []


def test_the_objects_of_a_document_deleted_at_the_end_are_deleted(stage: Stage) -> None:
    """The deletion lists the objects before the text is there."""
    put_text = stage.s3.put_object

    def delete_first(**request: Any) -> Any:
        stage.delete()
        return put_text(**request)

    stage.s3.put_object = delete_first  # type: ignore[method-assign]  # between two calls
    stage.read()

    assert stage.keys == set()


def test_a_second_reading_keeps_upload_and_text(stage: Stage) -> None:
    """The first one is slower than its lease."""
    first = stage.start()
    second: list[Job] = []

    def repeat() -> None:
        stage.clock.now += READING_SECONDS + 1
        second.append(stage.start())
        stage.while_extracting = lambda: None

    stage.while_extracting = repeat
    stage.read(first)

    assert (stage.document.status, stage.document.reading) == ("reading", 2)
    assert UPLOAD in stage.keys
    stage.read(second[0])
    assert stage.outcome() == ("ready", None)
    assert stage.documents.parts(ALICE, CONVERSATION, DOCUMENT) == PARTS
    stage.read(first)
    assert stage.outcome() == ("ready", None)
    assert stage.keys == {TEXT}


def test_an_event_that_lambda_delivers_twice_changes_nothing(stage: Stage) -> None:
    job = stage.start()
    stage.read(job)
    before = stage.document
    stage.read(job)

    assert stage.document == before
    assert len(stage.seen) == 1
    assert stage.keys == {TEXT}


def test_two_deliveries_at_once_end_as_one(stage: Stage) -> None:
    job = stage.start()

    def deliver_again() -> None:
        stage.while_extracting = lambda: None
        stage.read(job)

    stage.while_extracting = deliver_again
    stage.read(job)

    assert stage.outcome() == ("ready", None)
    assert stage.documents.parts(ALICE, CONVERSATION, DOCUMENT) == PARTS
    assert stage.metrics.of("DocumentsRead") == [1]


def test_a_reading_that_waited_for_its_start_has_its_whole_lease(stage: Stage) -> None:
    job = stage.start()
    stage.clock.now += READING_SECONDS - 1
    during: list[str] = []

    def look() -> None:
        stage.clock.now += READING_SECONDS - 1
        during.append(stage.document.status)

    stage.while_extracting = look
    stage.read(job)

    assert during == ["reading"]
    assert stage.document.status == "ready"


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("then", ["read", "delete"])
def test_a_crash_at_any_call_can_be_repaired_by_another_reading_or_a_deletion(
    stage: Stage, then: str, done: bool
) -> None:
    for call in count(1):
        job = stage.start()
        with stage.crash_at(call, done=done) as called:
            try:
                stage.read(job)
            except EndpointConnectionError:
                pass
            else:
                break
        assert len(called) == call
        stage.clock.now += READING_SECONDS + 1
        if stage.document.status != "ready":
            assert stage.outcome() == ("failed", "broken")
        if then == "delete":
            stage.delete()
            assert stage.keys == set()
            stage.documents.add(ALICE, CONVERSATION, DOCUMENT, NAME, len(FILE))
        else:
            if stage.document.status == "failed":
                stage.read()
            assert stage.outcome() == ("ready", None)
            assert TEXT in stage.keys
            # Only an upload that was not deleted after its text was stored is left: for a day.
            assert stage.keys <= {TEXT, UPLOAD}
            stage.delete()
            stage.documents.add(ALICE, CONVERSATION, DOCUMENT, NAME, len(FILE))
        stage.upload()
    assert called == ["UpdateItem", "GetObject", "PutObject", "UpdateItem", "DeleteObject"]


def test_the_log_has_neither_the_name_nor_the_text(stage: Stage, logs: Callable[[], str]) -> None:
    stage.read()
    stage.read(stage.start())
    stage.delete()
    stage.read(Job(*IDS, reading=9))

    assert '"kind":"pdf"' in logs()
    assert f'"size":{len(FILE)}' in logs()
    assert '"milliseconds":' in logs()
    assert "document deleted while it was read" in logs()
    assert "비밀" not in logs()
    assert "제" not in logs()


def test_the_handler_reads_a_file_in_a_child_process(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("TABLE_NAME", stage.table.name), ("DOCUMENTS_BUCKET", BUCKET)):
        monkeypatch.setenv(name, value)
    stage.delete()
    text = "제1조 이 규정은 시험이다.\n"
    stage.documents.add(ALICE, CONVERSATION, DOCUMENT, "규정.txt", 1_000)
    stage.upload(text.encode())
    entry.bootstrap.cache_clear()
    stage.documents.start_reading(ALICE, CONVERSATION, DOCUMENT)
    entry.lambda_handler(asdict(stage.jobs[-1]), Context())
    entry.bootstrap.cache_clear()

    assert stage.document.kind == "txt"
    parts = stage.documents.parts(ALICE, CONVERSATION, DOCUMENT)
    assert "".join(part.text for part in parts) == text
    assert "제1조" not in capsys.readouterr().out

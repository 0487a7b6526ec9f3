"""The reading of one document: from its upload to its text, or to the reason why it has none."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools import Logger
from chat_shared.documents import Document
from chat_shared.metrics import Metrics

from document_reader.errors import Unreadable
from document_reader.extraction import Extraction
from document_reader.items import Deleted, Items, Superseded
from document_reader.job import Job
from document_reader.objects import Objects

# Of one document. A stranger could have a file that takes EXTRACTION_SECONDS read for a whole day.
MAX_READINGS = 5
EXTRACTION_SECONDS = 45.0  # of the function's 60: download, upload and a cold start take the rest


@dataclass(frozen=True)
class Reader:
    """`extract` is `extraction.extract`."""

    items: Items
    objects: Objects
    extract: Callable[[Path, str, float], Extraction]
    log: Logger
    metrics: Metrics

    def read(self, job: Job) -> None:
        """Store a document's text and set it `ready`, or `failed`; then delete its upload.

        A reading that has lost its document leaves no text of a deleted one, and leaves everything
        to another reading. After a crash, the lease expires, and the upload can be read again.
        """
        try:
            self._read(job, self.items.begin(job))
        except Superseded:
            self.log.info("reading superseded")
        except Deleted:
            self.objects.delete_text(job)
            self.objects.delete_upload(job)
            self.log.info("document deleted while it was read")

    def _read(self, job: Job, document: Document) -> None:
        """Raise Deleted or Superseded if the outcome cannot be stored."""
        started = time.monotonic()
        outcome = self._outcome(job, document)
        self.items.finish(job, outcome)
        if outcome.get("code") != "not_uploaded":  # or it would delete an upload under way
            self.objects.delete_upload(job)
        self._report(document, outcome, 1000 * (time.monotonic() - started))

    def _outcome(self, job: Job, document: Document) -> dict[str, Any]:
        """Store the text of a document that can be read; return the attributes of its item."""
        if job.reading > MAX_READINGS:
            return {"status": "failed", "code": "broken"}
        try:
            with TemporaryDirectory() as folder:
                path = Path(folder) / "upload"
                self.objects.download_upload(job, document.size, path)
                found = self.extract(path, document.name, EXTRACTION_SECONDS)
        except Unreadable as error:
            return {"status": "failed", "code": error.code}
        self.objects.put_text(job, found.parts)
        return {
            "status": "ready",
            "kind": found.kind,
            "unit": found.unit,
            "units": found.units,
            "characters": found.characters,
            "parts": len(found.parts),
            "truncated": found.truncated,
            "skipped": dict(found.skipped),
        }

    def _report(self, document: Document, outcome: dict[str, Any], milliseconds: float) -> None:
        code, kind = outcome.get("code"), outcome.get("kind")
        self.log.info(
            "document read",
            kind=kind,
            size=document.size,
            milliseconds=round(milliseconds),
            code=code,
        )
        if code:
            self.metrics.put({"DocumentFailures": 1}, code=code)
        else:
            self.metrics.put({"DocumentsRead": 1, "ReadingTime": milliseconds})

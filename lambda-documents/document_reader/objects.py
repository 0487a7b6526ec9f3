"""The objects of the document that is being read: its upload, and its text."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from chat_shared.documents import ABSENT_OBJECT, Part, encode_parts, text_key, upload_key

from document_reader.errors import Unreadable
from document_reader.job import Job

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CHUNK_BYTES = 1024 * 1024


class Objects:
    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def download_upload(self, job: Job, max_bytes: int, path: Path) -> None:
        """Write the upload to `path`. Raise Unreadable if it is missing or too large."""
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=upload_key(*job.ids))
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT_OBJECT:
                raise Unreadable("not_uploaded") from None
            raise
        with closing(found["Body"]) as body, path.open("wb") as file:
            if found["ContentLength"] > max_bytes:
                raise Unreadable("too_large")
            for chunk in body.iter_chunks(CHUNK_BYTES):
                file.write(chunk)

    def put_text(self, job: Job, parts: Sequence[Part]) -> None:
        self._s3.put_object(
            Bucket=self._bucket,
            Key=text_key(*job.ids),
            Body=encode_parts(parts),
            ContentType="application/gzip",
        )

    def delete_upload(self, job: Job) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=upload_key(*job.ids))

    def delete_text(self, job: Job) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=text_key(*job.ids))

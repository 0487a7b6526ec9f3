"""The deletion of objects in S3."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PAGE = 1_000  # S3's limit for one request


class DeletionFailed(Exception):
    """S3 has not deleted an object; the deletion must be repeated."""


def delete_objects(s3: "S3Client", bucket: str, keys: Sequence[str]) -> None:
    """Delete objects, of which some may be absent; raise DeletionFailed."""
    for start in range(0, len(keys), PAGE):
        page = keys[start : start + PAGE]
        deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in page]})
        if failed := deleted.get("Errors"):  # S3 answers 200 nevertheless
            raise DeletionFailed(failed[0].get("Code"))

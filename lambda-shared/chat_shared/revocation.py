"""The end of shares: objects and items are deleted, so that the links lead nowhere."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chat_shared.objects import delete_objects
from chat_shared.shares import Share, object_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.client import S3Client

# The errors of HeadObject for an absent key: S3 says 404 only to those who may list the bucket.
ABSENT = ("404", "403")


def revoke(table: "Table", s3: "S3Client", bucket: str, shares: Sequence[Share]) -> None:
    """Delete shares. Each item is marked first, so that no copy is stored after its deletion.

    The item is deleted last, so that an interrupted revocation can be repeated.
    """
    if not shares:
        return
    with table.batch_writer() as batch:
        for share in shares:
            batch.put_item(Item=replace(share, is_ended=True).to_item())
    own = [share for share in shares if share.is_stored or is_owned(s3, bucket, share)]
    delete_objects(s3, bucket, [object_key(share.share_id) for share in own])
    with table.batch_writer() as batch:
        for share in shares:
            batch.delete_item(Key=share.key)


def is_owned(s3: "S3Client", bucket: str, share: Share) -> bool:
    """Return whether the object exists and belongs to the owner of the item.

    Readers of a link know its id: an item with the same id could be another user's.
    """
    try:
        found = s3.head_object(Bucket=bucket, Key=object_key(share.share_id))
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return False
        raise
    return found["Metadata"] == share.owner

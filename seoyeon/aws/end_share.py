"""The command `end-share`: the operator ends a link that a user has shared."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from chat_shared import keys
from chat_shared.revocation import ABSENT, revoke
from chat_shared.shares import Share, id_of, object_key

from seoyeon.aws.data import open_table
from seoyeon.aws.session import client
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.errors import CommandError


def end_link(link: str, context: Sequence[str], environ: Mapping[str, str]) -> str:
    """End the share behind a link; return the line to print.

    Raises CommandError if the account cannot be used or the link leads to no share.
    """
    share_id = _share_id(link)
    table, bucket, target = open_table(context, environ)
    return end(share_id, table, client("s3", target.region), bucket, target)


def end(share_id: str, table: Any, s3: Any, bucket: str, target: DeploymentTarget) -> str:
    """Delete a share's object and item; raise CommandError if there is no object."""
    try:
        found = s3.head_object(Bucket=bucket, Key=object_key(share_id))
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            raise CommandError(
                f"The link leads to no share of the stage {target.stage}: it has ended already, or "
                "it belongs to another stage, which STAGE=… names."
            ) from None
        raise
    owner = found["Metadata"]
    key = keys.share(owner["user"], owner["conversation"], share_id)
    item = table.get_item(Key=key, ConsistentRead=True).get("Item")
    # An interrupted deletion may have left the object alone.
    share = (
        Share.from_item(item)
        if item
        else Share(owner["user"], owner["conversation"], share_id, "", "", 0)
    )
    revoke(table, s3, bucket, [share])
    return f"The link has ended. The user {share.user_id} had made it."


def _share_id(link: str) -> str:
    share_id = id_of(link.strip().rpartition("#")[2])
    if not share_id:
        raise CommandError(
            "The link has no key of 43 characters after '#': pass it whole and in single quotes, "
            "as in LINK='https://…/shared.html#…' make end-share."
        )
    return share_id

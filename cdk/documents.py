"""The bucket of the users' documents, search indexes and shares.

chat_shared.documents and chat_shared.shares define its keys.
"""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_s3 import (
    BlockPublicAccess,
    Bucket,
    BucketEncryption,
    CorsRule,
    HttpMethods,
    LifecycleRule,
    ObjectOwnership,
)
from chat_shared.documents import INDEX_PREFIX
from chat_shared.shares import SHARES, share_days
from constructs import Construct

from cdk.acknowledgement import acknowledge

ONE_DAY = Duration.days(1)


class Documents(Construct):
    """Exposes `bucket`: uploads, the text and notes made of them, and shared copies."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        history_days: int,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        history = Duration.days(history_days)
        self.bucket = Bucket(
            self,
            "Bucket",
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            # The secret of an upload is its signed policy; the page's origin is in another stack.
            cors=[CorsRule(allowed_methods=[HttpMethods.POST], allowed_origins=["*"])],
            encryption=BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # The functions delete objects with their items; these rules are for interrupted ones.
            lifecycle_rules=[
                LifecycleRule(abort_incomplete_multipart_upload_after=ONE_DAY),
                LifecycleRule(prefix="uploads/", expiration=ONE_DAY),
                LifecycleRule(prefix="text/", expiration=history),
                LifecycleRule(prefix="notes/", expiration=history),
                # A cache: a later search builds it again.
                LifecycleRule(prefix=f"{INDEX_PREFIX}/", expiration=Duration.days(30)),
                LifecycleRule(
                    prefix=f"{SHARES}/", expiration=Duration.days(share_days(history_days))
                ),
            ],
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=removal_policy,
        )
        acknowledge(
            self.bucket, S1="Access logs would store IP addresses and ids of users for no purpose"
        )

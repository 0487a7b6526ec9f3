"""The DynamoDB table for turns, request markers, conversations and quotas."""

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    BillingMode,
    PointInTimeRecoverySpecification,
    ProjectionType,
    Table,
)
from constructs import Construct

ACTIVITY_INDEX = "by_activity"


class Storage(Construct):
    """Exposes `table`. chat_shared.keys defines its keys."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.table = Table(
            self,
            "Table",
            billing_mode=BillingMode.PAY_PER_REQUEST,
            partition_key=_string("pk"),
            sort_key=_string("sk"),
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy,
            deletion_protection=removal_policy == RemovalPolicy.RETAIN,
        )
        self.table.add_global_secondary_index(
            index_name=ACTIVITY_INDEX,
            partition_key=_string("activity_pk"),
            sort_key=_string("activity_sk"),
            projection_type=ProjectionType.ALL,
        )


def _string(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)

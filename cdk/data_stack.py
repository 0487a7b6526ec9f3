"""What outlives every other change: the table."""

from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from cdk.storage import Storage


class DataStack(Stack):
    """Exposes `table`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id, description="Seoyeon: conversations")
        self.table = Storage(
            self,
            "Storage",
            removal_policy=removal_policy,
            deletion_protection=removal_policy == RemovalPolicy.RETAIN,
        ).table

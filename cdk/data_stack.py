"""The stack of the data: table, documents, user accounts. It outlives the service stack."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from constructs import Construct

from cdk.accounts import Accounts
from cdk.documents import Documents
from cdk.python_function import PythonFunctions
from cdk.settings import Settings
from cdk.stack_names import DOCUMENTS_OUTPUT
from cdk.storage import Storage


class DataStack(Stack):
    """Exposes `table`, the `documents` bucket, and `accounts` (None for guests)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        functions: PythonFunctions,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id, description="Seoyeon: conversations and accounts")
        self.table = Storage(self, "Storage", removal_policy=removal_policy).table
        self.documents = Documents(
            self,
            "Documents",
            history_days=settings.history_days,
            removal_policy=removal_policy,
        ).bucket
        CfnOutput(self, DOCUMENTS_OUTPUT, value=self.documents.bucket_name)
        self.accounts: Accounts | None = None
        if settings.auth == "cognito":
            self.accounts = Accounts(
                self,
                "Accounts",
                settings=settings,
                functions=functions,
                removal_policy=removal_policy,
            )
            CfnOutput(self, "UserPoolId", value=self.accounts.pool.user_pool_id)

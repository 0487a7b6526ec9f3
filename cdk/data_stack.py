"""The stack of the data: the table and the user accounts. It outlives the service stack."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from constructs import Construct

from cdk.accounts import Accounts
from cdk.python_function import PythonFunctions
from cdk.settings import Settings
from cdk.storage import Storage


class DataStack(Stack):
    """Exposes `table`, and `accounts` (None for guests)."""

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

"""A budget of the account, for the costs that no metric of the chat has."""

from aws_cdk.aws_budgets import CfnBudget
from constructs import Construct


class Budget(Construct):
    """A monthly budget that warns by mail, and limits nothing.

    It covers the whole account: tags divide costs only after an operator has activated them.
    """

    def __init__(self, scope: Construct, construct_id: str, *, dollars: int, email: str) -> None:
        super().__init__(scope, construct_id)
        CfnBudget(
            self,
            "Budget",
            budget=CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=CfnBudget.SpendProperty(amount=dollars, unit="USD"),
            ),
            notifications_with_subscribers=[
                _mail("ACTUAL", 50, email),
                _mail("ACTUAL", 100, email),
                _mail("FORECASTED", 100, email),
            ],
        )


def _mail(kind: str, percent: int, email: str) -> CfnBudget.NotificationWithSubscribersProperty:
    return CfnBudget.NotificationWithSubscribersProperty(
        notification=CfnBudget.NotificationProperty(
            notification_type=kind,
            comparison_operator="GREATER_THAN",
            threshold=percent,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=email)],
    )

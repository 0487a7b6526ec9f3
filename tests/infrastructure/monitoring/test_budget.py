"""The budget, which is optional."""

from tests.infrastructure.conftest import Assembly


def test_a_budget_warns_by_mail(full: Assembly) -> None:
    _, budget = full.service.one("AWS::Budgets::Budget")
    properties = budget["Properties"]

    assert properties["Budget"]["BudgetLimit"] == {"Amount": 50, "Unit": "USD"}
    assert properties["Budget"]["TimeUnit"] == "MONTHLY"
    # Names of budgets are unique in an account.
    assert "BudgetName" not in properties["Budget"]
    warnings = properties["NotificationsWithSubscribers"]
    assert {
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"])
        for each in warnings
    } == {("ACTUAL", 50), ("ACTUAL", 100), ("FORECASTED", 100)}
    for each in warnings:
        assert each["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": "team@example.com"}]

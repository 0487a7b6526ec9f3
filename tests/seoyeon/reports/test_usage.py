"""The report `usage`, from counters that the worker's code has written."""

from typing import TYPE_CHECKING, Any

import pytest
from chat_shared import keys
from chat_shared.turn import Usage
from chat_ws.consumption import Consumption
from chat_ws.store.quota import Quota

from seoyeon.reports.usage import read, show
from tests.builders import ALICE, BOB, MODEL, MODELS, NEXT_MODEL, NOW, principal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

DAY = 86_400


def add(table: "Table", user_id: str, days_ago: int, model: int = 0) -> None:
    """Count an answer of 1,000 and 100 tokens."""
    billed = {MODELS[model]: Usage(1_000, 100)}
    quota = Quota(table, clock=lambda: NOW - days_ago * DAY)
    quota.add(user_id, Consumption(billed, MODELS[model]))


def usage(answers: int, dollars: float) -> dict[str, Any]:
    return {
        "answers": answers,
        "prompt_tokens": 1_000 * answers,
        "completion_tokens": 100 * answers,
        "dollars": pytest.approx(dollars),
        "unpriced_tokens": 0,
    }


def user(user_id: str) -> str:
    return keys.user_usage(user_id, "")["sk"]


def test_days_models_and_users_are_summed_up_to_today(table: "Table") -> None:
    for days_ago, model in ((0, 0), (0, 1), (2, 0), (3, 0)):
        add(table, ALICE.user_id, days_ago, model)
    add(table, BOB.user_id, 1)

    assert read(table, 3, NOW) == {
        "days": [
            {"day": "2026-11-16", **usage(1, 0.003)},
            {"day": "2026-11-17", **usage(1, 0.003)},
            {"day": "2026-11-18", **usage(2, 0.003792)},
        ],
        "total": usage(4, 0.009792),
        "models": [
            {"model_id": MODEL, **usage(3, 0.009)},
            {"model_id": NEXT_MODEL, **usage(1, 0.000792)},
        ],
        "users": [
            {"user": user(ALICE.user_id), **usage(3, 0.006792)},
            {"user": user(BOB.user_id), **usage(1, 0.003)},
        ],
    }


def test_users_of_more_than_30_days_ago_are_in_the_totals_alone(table: "Table") -> None:
    for days_ago in (29, 30, 399):
        add(table, ALICE.user_id, days_ago)

    report = read(table, 400, NOW)

    assert report["total"]["answers"] == 3
    assert [each["answers"] for each in report["users"]] == [1]


def test_of_many_users_the_ten_with_the_highest_cost_are_listed(table: "Table") -> None:
    for number in range(12):
        for _ in range(1 + number):
            add(table, principal(str(number)).user_id, 0)

    listed = [each["user"] for each in read(table, 1, NOW)["users"]]

    assert listed == [user(principal(str(number)).user_id) for number in reversed(range(2, 12))]


def test_the_report_queries_and_never_scans(table: "Table") -> None:
    called: list[str] = []
    table.meta.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: called.append(model.name)
    )
    read(table, 3, NOW)
    assert set(called) == {"Query"}


def test_the_tables_have_days_total_models_and_users(
    table: "Table", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    add(table, ALICE.user_id, 0)
    show(read(table, 2, NOW))
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    numbers = ["1", "1,000", "100", "0.00", "0"]
    named = [row for row in rows if row[1:] == numbers]
    assert [row[0] for row in named] == ["2026-11-18", "total", MODEL, user(ALICE.user_id)]
    assert ["2026-11-17", "0", "0", "0", "0.00", "0"] in rows

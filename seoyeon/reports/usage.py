"""The report `usage`: days, models and users, from the counters of `chat_ws.consumption`."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key
from chat_shared import history, keys
from rich.console import Console
from rich.table import Table as Grid

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

COUNTERS = ("answers", "prompt_tokens", "completion_tokens", "microdollars", "unpriced_tokens")
TOP_USERS = 10
USER_DAYS = keys.USER_USAGE_SECONDS // 86_400

Report = dict[str, Any]


def read(table: "Table", days: int, now: float) -> Report:
    """Return the usage of the last `days` in Korea, today among them, as JSON.

    `now` is in seconds since the epoch. The users are those of USER_DAYS at most.
    """
    today = date.fromisoformat(keys.day(now))
    dates = [(today - timedelta(days=back)).isoformat() for back in reversed(range(days))]
    span = Key("pk").eq(keys.USAGE) & Key("sk").between(dates[0], dates[-1])
    by_day = {str(item["sk"]): item for item in history.query_unexpired(table, span, now)}
    models: dict[str, Counter[str]] = defaultdict(Counter)
    for item in by_day.values():
        for attribute in item:
            name, _, model = attribute.partition("#")
            if model:
                models[model][name] += int(item[attribute])
    users: dict[str, Counter[str]] = defaultdict(Counter)
    for day in dates[-USER_DAYS:]:
        partition = Key("pk").eq(keys.users_usage(day))
        for item in history.query_unexpired(table, partition, now):
            users[str(item["sk"])].update(_counters(item))
    total = sum((_counters(item) for item in by_day.values()), Counter())
    return {
        "days": [{"day": day, **_usage(by_day.get(day, {}))} for day in dates],
        "total": _usage(total),
        "models": [{"model_id": model, **_usage(models[model])} for model in _sort(models)],
        "users": [{"user": user, **_usage(users[user])} for user in _sort(users)[:TOP_USERS]],
    }


def show(report: Report) -> None:
    """Print the report as tables."""
    console = Console(highlight=False)
    days = [*report["days"], {"day": "total", **report["total"]}]
    console.print(_grid("day", days))
    for name, rows in (("model_id", report["models"]), ("user", report["users"])):
        if rows:
            console.print()
            console.print(_grid(name, rows))


def _counters(item: Mapping[str, Any]) -> Counter[str]:
    return Counter({name: int(item.get(name, 0)) for name in COUNTERS})


def _usage(counters: Mapping[str, Any]) -> dict[str, Any]:
    usage: dict[str, Any] = dict(_counters(counters))
    return {"dollars": usage.pop("microdollars") / 1_000_000, **usage}


def _sort(usages: Mapping[str, Counter[str]]) -> list[str]:
    """Return names by cost, then by tokens, the largest first."""

    def size(name: str) -> tuple[int, int]:
        usage = usages[name]
        return usage["microdollars"], usage["prompt_tokens"] + usage["completion_tokens"]

    return sorted(usages, key=size, reverse=True)


def _grid(name: str, rows: list[Report]) -> Grid:
    grid = Grid(box=None, padding=(0, 2, 0, 0))
    grid.add_column(name, no_wrap=True)
    for heading in ("answers", "prompt tokens", "answer tokens", "dollars", "unpriced tokens"):
        grid.add_column(heading, justify="right")
    for row in rows:
        grid.add_row(
            row[name],
            f"{row['answers']:,}",
            f"{row['prompt_tokens']:,}",
            f"{row['completion_tokens']:,}",
            f"{row['dollars']:,.2f}",
            f"{row['unpriced_tokens']:,}",
        )
    return grid

"""Items, records and scores for tests."""

from typing import Any

from seoyeon.eval.items import Check, Item
from seoyeon.eval.records import Exchange, Record
from seoyeon.eval.results import Score


def item(name: str = "sum-01", **fields: Any) -> Item:
    """Return an item whose right answer is 42."""
    usual = {"turns": ("6 × 7?",), "checks": (Check("number", {"equals": 42}),)}
    return Item(**{"id": name, "kind": name.partition("-")[0], **usual, **fields})


def exchange(answer: str = "42", question: str = "6 × 7?", **fields: Any) -> Exchange:
    usual: dict[str, Any] = {
        "asked_at": "2026-11-28T03:00:00.000+00:00",
        "seconds": 2.0,
        "stop_reason": "stop",
        "usage": {"prompt_tokens": 100, "completion_tokens": 3, "total_tokens": 103},
    }
    return Exchange(question, answer, **(usual | fields))


def record(answer: str = "42", name: str = "sum-01", repeat: int = 1, **fields: Any) -> Record:
    return Record(name, repeat, (exchange(answer, **fields),))


def score(name: str, *passed: bool, held_out: bool = False) -> Score:
    kind = name.partition("-")[0]
    return Score(name, kind, held_out, ("number",), tuple((each,) for each in passed))

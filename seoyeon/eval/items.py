"""Items: questions and the checks of their answers."""

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from seoyeon.eval.answer import Answer
from seoyeon.eval.rules import RULES

Mode = Literal["chat", "translate", "grammar"]
_FIELDS = {
    *("id", "kind", "turns", "checks", "document", "mode", "target_language"),
    *("held_out", "example"),
}


@dataclass(frozen=True)
class Check:
    rule: str
    arguments: Mapping[str, Any]

    def passes(self, answer: Answer) -> bool:
        """Return whether the rule holds; an empty answer passes none."""
        return bool(answer.text.strip()) and RULES[self.rule](answer, **self.arguments)


@dataclass(frozen=True)
class Item:
    """A conversation whose last answer is checked.

    `document` is a file that the conversation has. `held_out` items are no reason to change a
    prompt. `example` is an answer that passes all checks.
    """

    id: str
    kind: str
    turns: tuple[str, ...]
    checks: tuple[Check, ...]
    document: Path | None = None
    mode: Mode = "chat"
    target_language: Literal["ko", "en"] | None = None
    held_out: bool = False
    example: str = field(default="", compare=False)


def parse_item(fields: dict[str, Any], documents: Path) -> Item:
    """Return the item; raise KeyError, TypeError or ValueError for wrong fields."""
    if unknown := fields.keys() - _FIELDS:
        raise ValueError(f"unknown field {min(unknown)}")
    mode = fields.get("mode", "chat")
    if mode not in get_args(Mode):
        raise ValueError(f"unknown mode {mode}")
    document = documents / fields["document"] if "document" in fields else None
    if document and not document.is_file():
        raise ValueError(f"there is no document {document}")
    if not fields["turns"] or isinstance(fields["turns"], str):
        raise ValueError("no turns: a list of questions is needed")
    return Item(
        str(fields["id"]),
        str(fields["kind"]),
        tuple(map(str, fields["turns"])),
        tuple(map(parse_check, fields["checks"])),
        document,
        mode,
        fields.get("target_language"),
        fields.get("held_out", False),
        fields.get("example", ""),
    )


def parse_check(fields: dict[str, Any]) -> Check:
    """Return the check; raise ValueError or TypeError unless its rule takes the arguments."""
    arguments = dict(fields)
    name = arguments.pop("rule")
    if name not in RULES:
        raise ValueError(f"unknown rule {name}")
    inspect.signature(RULES[name]).bind(None, **arguments)
    return Check(name, arguments)


def choose_items(items: Sequence[Item], count: int) -> list[Item]:
    """Return `count` items in their order, taken from each kind in turn."""
    seen = Counter[str]()
    turn = dict[str, int]()
    for item in items:
        turn[item.id] = seen[item.kind]
        seen[item.kind] += 1
    chosen = {item.id for item in sorted(items, key=lambda item: turn[item.id])[:count]}
    return [item for item in items if item.id in chosen]

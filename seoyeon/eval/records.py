"""Raw answers, one JSON object a line, so that an interrupted run can be resumed."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from seoyeon.eval.answer import Answer
from seoyeon.eval.items import Item
from seoyeon.terminal.errors import CommandError

KOREA = timezone(timedelta(hours=9))
ANSWERS = "answers.jsonl"


@dataclass(frozen=True)
class Exchange:
    """A question and its answer; a failed turn has `failure`, a code, and no `stop_reason`."""

    question: str
    answer: str
    asked_at: str  # ISO 8601, in UTC
    seconds: float
    first_text_seconds: float | None = None
    stop_reason: str | None = None
    failure: str | None = None
    model_id: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)  # number of a mark → part of the document


@dataclass(frozen=True)
class Record:
    """The answers of one repetition of an item."""

    item: str
    repeat: int
    exchanges: tuple[Exchange, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        return tuple(exchange.question for exchange in self.exchanges)

    @property
    def has_failed(self) -> bool:
        return any(exchange.failure for exchange in self.exchanges)

    @property
    def answer(self) -> Answer:
        """Return the last answer as the rules see it."""
        last = self.exchanges[-1]
        return Answer(
            last.answer,
            last.question,
            datetime.fromisoformat(last.asked_at).astimezone(KOREA),
            {int(number): part for number, part in last.sources.items()},
        )


class Records:
    """The records of a run's folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / ANSWERS

    def read(self, items: Iterable[Item]) -> dict[tuple[str, int], Record]:
        """Return the complete answers to the items' present questions, by item and repetition.

        A line that was cut when the run was killed counts as missing.
        """
        questions = {item.id: item.turns for item in items}
        found = {}
        for line in self._lines():
            try:
                record = parse_record(json.loads(line))
            except (KeyError, TypeError, ValueError):
                continue
            asked = questions.get(record.item, ())
            if record.questions == asked or (
                record.has_failed and record.questions == asked[: len(record.questions)]
            ):
                found[record.item, record.repeat] = record
        return found

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CommandError(f"{self._file} cannot be read: {error}.") from None

    def add(self, record: Record) -> None:
        """Append a record on a new line, also after one that was cut."""
        line = json.dumps(asdict(record), ensure_ascii=False).encode()
        with self._file.open("ab+") as output:
            if output.tell():
                output.seek(-1, os.SEEK_END)
                line = line if output.read(1) == b"\n" else b"\n" + line
            output.write(line + b"\n")


def parse_record(fields: dict[str, Any]) -> Record:
    exchanges = tuple(Exchange(**each) for each in fields["exchanges"])
    return Record(fields["item"], fields["repeat"], exchanges)

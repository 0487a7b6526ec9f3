"""Results: the rules applied to a run's records, in total, by kind and by rule."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from seoyeon.eval.items import Item
from seoyeon.eval.records import Record
from seoyeon.eval.rules import FOREIGN
from seoyeon.eval.statistics import estimate_mean
from seoyeon.terminal.errors import CommandError

RESULT = "result.json"


@dataclass(frozen=True)
class Score:
    """An item's repetitions: which checks each passed. A repetition passes if all checks do."""

    item: str
    kind: str
    held_out: bool
    checks: tuple[str, ...]  # the rules
    passed: tuple[tuple[bool, ...], ...]  # by repetition, then by check

    @property
    def rate(self) -> float:
        return fmean(map(all, self.passed))


@dataclass(frozen=True)
class Result:
    """The scores of a run. `about` says what was asked: page, models, files, day."""

    about: Mapping[str, Any]
    scores: tuple[Score, ...]
    foreign: Mapping[str, int]  # answers of the chat with such characters
    answers: int
    chat_answers: int
    ends: Mapping[str, int]  # answers by stop reason, failed turns by code
    tokens: tuple[int, ...]  # of prompts, of answers
    seconds: float  # median of the time to the end of an answer

    def groups(self) -> dict[str, dict[str, float]]:
        """Return the rates by item: of all items, of both splits, and of each kind."""
        found = defaultdict[str, dict[str, float]](dict)
        for score in self.scores:
            for group in ("all", "held out" if score.held_out else "open"):
                found[group][score.item] = score.rate
        for score in self.scores:
            found[f"kind {score.kind}"][score.item] = score.rate
        return dict(found)

    def rules(self) -> dict[str, list[float]]:
        """Return the items' rates by rule: an item counts for a rule by its checks with it."""
        found = defaultdict[str, list[float]](list)
        for score in self.scores:
            for name in dict.fromkeys(score.checks):
                passed = [
                    ok
                    for repeat in score.passed
                    for rule, ok in zip(score.checks, repeat, strict=True)
                    if rule == name
                ]
                found[name].append(fmean(passed))
        return dict(sorted(found.items()))

    def write(self, file: Path) -> None:
        """Write the result with its intervals as JSON."""
        summary = {
            name: asdict(estimate_mean([*rates.values()])) | {"items": len(rates)}
            for name, rates in self.groups().items()
        }
        text = json.dumps(asdict(self) | {"summary": summary}, ensure_ascii=False, indent=1)
        file.write_text(text + "\n", encoding="utf-8")


def apply_rules(
    items: Sequence[Item], records: Iterable[Record], about: Mapping[str, Any]
) -> Result:
    """Return the result of the items that have records; a failed turn passes no check."""
    found = defaultdict[str, list[Record]](list)
    for record in records:
        found[record.item].append(record)
    scores = []
    foreign = dict.fromkeys(FOREIGN, 0)
    chat_answers = 0
    for item in items:
        passed = []
        for record in found.get(item.id, ()):
            answer = record.answer
            passed.append(tuple(check.passes(answer) for check in item.checks))
            if item.mode == "chat":
                chat_answers += 1
                for name, pattern in FOREIGN.items():
                    foreign[name] += bool(pattern.search(answer.text))
        if passed:
            rules = tuple(check.rule for check in item.checks)
            scores.append(Score(item.id, item.kind, item.held_out, rules, tuple(passed)))
    if not scores:
        raise CommandError("There are no answers to these items: ask first, without --rescore.")
    exchanges = [each for item in items for record in found[item.id] for each in record.exchanges]
    return Result(
        about,
        tuple(scores),
        foreign,
        len(exchanges),
        chat_answers,
        dict(Counter(str(exchange.failure or exchange.stop_reason) for exchange in exchanges)),
        tuple(
            sum(exchange.usage.get(name, 0) for exchange in exchanges)
            for name in ("prompt_tokens", "completion_tokens")
        ),
        median(exchange.seconds for exchange in exchanges),
    )


def read_result(path: Path) -> Result:
    """Read a result file, or the one of a run's folder; raise CommandError if it is none."""
    file = path / RESULT if path.is_dir() else path
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        fields.pop("summary")
        scores = tuple(
            Score(
                **each
                | {"checks": tuple(each["checks"]), "passed": tuple(map(tuple, each["passed"]))}
            )
            for each in fields.pop("scores")
        )
        return Result(scores=scores, tokens=tuple(fields.pop("tokens")), **fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{file} is no result of an evaluation: {error}.") from None


def compare_rates(first: Mapping[str, float], second: Mapping[str, float]) -> list[float]:
    """Return the differences, second minus first, of the items that both have."""
    return [second[item] - first[item] for item in first if item in second]

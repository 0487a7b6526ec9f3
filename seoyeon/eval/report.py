"""Reports of results as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from seoyeon.eval.items import Item
from seoyeon.eval.records import Record
from seoyeon.eval.results import Result, compare_rates
from seoyeon.eval.statistics import Interval, estimate_mean

_QUOTE = 300  # characters


def format_result(result: Result, items: Sequence[Item], records: Sequence[Record]) -> str:
    """Return the report of one run, with the answers that failed.

    Held-out items have no such answers: an answer that was read is one that a prompt is tuned on.
    """
    parts = ["# Evaluation", _about(result.about), "## Items that pass all of their checks"]
    parts.append(format_summary(result))
    parts += ["## Checks by rule", "Each rule by the items that use it."]
    parts.append(_table(("rule", "items", "pass rate", "95 % interval"), _rows(result.rules())))
    parts += ["## Foreign characters in answers of the chat"]
    parts.append(
        _table(
            ("characters", "answers"),
            ((name, _share(count, result.chat_answers)) for name, count in result.foreign.items()),
        )
    )
    parts.append(_cost(result))
    if failed := _failed(result, items, records):
        parts += ["## Answers that failed", "Items that are held out are left out.", *failed]
    return "\n\n".join(parts) + "\n"


def format_summary(result: Result) -> str:
    """Return the pass rates as a table."""
    groups = {name: [*rates.values()] for name, rates in result.groups().items()}
    return _table(("group", "items", "pass rate", "95 % interval"), _rows(groups))


def format_comparison(first: Result, second: Result) -> str:
    """Return two results side by side, with the paired differences of the items in both."""
    groups, others = first.groups(), second.groups()
    rows = []
    for name in dict.fromkeys([*groups, *others]):
        rates, other = groups.get(name, {}), others.get(name, {})
        differences = compare_rates(rates, other)
        rows.append(
            (
                name,
                _cell([*rates.values()]),
                _cell([*other.values()]),
                _signed(estimate_mean(differences)) if differences else "",
                str(len(differences)),
            )
        )
    header = ("group", "A", "B", "B − A", "items in both")
    rules = [
        (name, _cell(first.rules().get(name, ())), _cell(second.rules().get(name, ())))
        for name in sorted({*first.rules(), *second.rules()})
    ]
    foreign = [
        (name, _share(count, first.chat_answers), _share(second.foreign[name], second.chat_answers))
        for name, count in first.foreign.items()
    ]
    parts = ["# Comparison", f"A: {_line(first.about)}  \nB: {_line(second.about)}"]
    parts += [_table(header, rows), "An interval that excludes 0 is marked with *."]
    parts += ["## Checks by rule", _table(("rule", "A", "B"), rules)]
    parts += [
        "## Foreign characters in answers of the chat",
        _table(("characters", "A", "B"), foreign),
    ]
    parts.append(f"A: {_cost(first)}  \nB: {_cost(second)}")
    return "\n\n".join(parts) + "\n"


def _about(about: Mapping[str, object]) -> str:
    return _table(("", ""), ((name, str(value)) for name, value in about.items()))


def _line(about: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in about.items())


def _rows(groups: Mapping[str, Sequence[float]]) -> Iterable[tuple[str, ...]]:
    for name, rates in groups.items():
        found = estimate_mean(rates)
        yield name, str(len(rates)), f"{found.mean:.1%}", f"{found.low:.1%} – {found.high:.1%}"


def _cell(rates: Sequence[float]) -> str:
    if not rates:
        return ""
    found = estimate_mean(rates)
    return f"{found.mean:.1%} ({found.low:.1%} – {found.high:.1%})"


def _signed(found: Interval) -> str:
    star = " *" if found.excludes_zero else ""
    return f"{found.mean:+.1%} ({found.low:+.1%} – {found.high:+.1%}){star}"


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({count / max(1, total):.1%})"


def _cost(result: Result) -> str:
    ends = ", ".join(f"{count:,} {name}" for name, count in result.ends.items())
    prompts, answers = result.tokens
    return (
        f"{result.answers:,} answers, {prompts:,} tokens of prompts, {answers:,} of answers; "
        f"median {result.seconds:.1f} s an answer. They ended with: {ends}."
    )


def _failed(result: Result, items: Sequence[Item], records: Sequence[Record]) -> list[str]:
    """Return the open items that failed, each with an answer that did."""
    scores = {score.item: score for score in result.scores}
    parts = []
    for item in items:
        score = scores.get(item.id)
        if score is None or item.held_out or score.rate == 1:
            continue
        answers = [record.answer.text for record in records if record.item == item.id]
        wrong = next(at for at, passed in enumerate(score.passed) if not all(passed))
        rules = [rule for rule, ok in zip(score.checks, score.passed[wrong], strict=True) if not ok]
        parts.append(
            f"**{item.id}** ({score.rate:.0%}; failed: {', '.join(dict.fromkeys(rules))})\n\n"
            f"{_quote(item.turns[-1])}\n\n{_quote(answers[wrong])}"
        )
    return parts


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text[:_QUOTE].splitlines())


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

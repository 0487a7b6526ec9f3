"""`python -m bench.cost`: what the chat costs, as tables. `--help` lists what is assumed."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from bench import bill, prices
from bench.bill import Kept, Line
from bench.capacity import HISTORY_DAYS
from bench.counts import Counts, count
from bench.habits import SCALES, Habits

TYPICAL = SCALES[1]
ALARMS, DASHBOARDS = 9, 1
DOCUMENT = Path(__file__).parent.parent / "docs" / "cost.md"
BEGIN = "<!-- From here on: python -m bench.cost --write -->"
END = "<!-- Up to here. -->"


@dataclass(frozen=True)
class Table:
    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.cost", description="What the chat costs.")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/cost.md")
    for assumed in fields(Habits):
        parser.add_argument(
            f"--{assumed.name.replace('_', '-')}",
            type=float,
            default=assumed.default,
            help=f"{assumed.metadata['meaning']} (default {assumed.default:g})",
        )
    given = vars(parser.parse_args(arguments))
    write = given.pop("write")
    found = tables(Habits(**given))
    if write:
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(replace_tables(text, found), encoding="utf-8")
    else:
        show(found, Console())
    return 0


def tables(habits: Habits) -> list[Table]:
    counts = count(habits)
    return [
        _answers(habits, counts),
        _months(habits, counts),
        _changes(habits),
        _idle(counts),
        _quotas(habits, counts),
        _counts(counts),
        _assumptions(habits),
        _prices(),
    ]


def markdown(table: Table) -> str:
    rows = [table.head, ("---", *("---:" for _ in table.head[1:])), *table.rows]
    return "\n".join([f"### {table.title}", "", *(f"| {' | '.join(row)} |" for row in rows)])


def replace_tables(text: str, found: Sequence[Table]) -> str:
    """The document with these tables between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = "\n\n".join(map(markdown, found))
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def show(found: Sequence[Table], console: Console) -> None:
    for table in found:
        rich = RichTable(title=table.title, title_justify="left", title_style="bold")
        for number, name in enumerate(table.head):
            rich.add_column(name, justify="right" if number else "left", overflow="fold")
        for row in table.rows:
            rich.add_row(*(Text(cell.strip("*"), "bold" * ("**" in cell)) for cell in row))
        console.print(rich)


def money(dollars: float) -> str:
    """Cents, and what is smaller as far as it shows."""
    if dollars >= 1_000:
        return f"${dollars:,.0f}"
    if 0 < dollars < 0.0001:
        return "<$0.0001"
    return f"${dollars:.2f}" if dollars >= 0.1 or dollars == 0 else f"${dollars:.4f}"


def amount(units: float) -> str:
    return f"{units:,.0f}" if units >= 100 else f"{units:.3g}"


def _assumptions(habits: Habits) -> Table:
    rows = [
        (assumed.metadata["meaning"], f"{getattr(habits, assumed.name):g}")
        for assumed in fields(Habits)
    ]
    for scale in SCALES:
        said = f"share of visits that find no warm function, at {scale.users:,} users a day"
        rows.append((said, f"{scale.cold:g}"))
    return Table("Assumed", ("", "value"), rows)


def _counts(counts: Counts) -> Table:
    rows = [
        ("deltas of an answer", amount(counts.frames)),
        ("messages to the client for an answer", amount(counts.messages_out)),
        ("bytes of these", amount(counts.bytes_out)),
        ("prompt tokens, mean of a conversation", amount(counts.prompt_tokens)),
        ("write units of an answer", amount(counts.answer.write)),
        ("read units of an answer", amount(counts.answer.read)),
        ("read units of a page load", amount(counts.visit.read)),
        ("bytes that a turn occupies", amount(counts.stored)),
        ("files of the page", amount(counts.page_files)),
        ("bytes of these", amount(counts.page_bytes)),
    ]
    return Table("Counted", ("", "count"), rows)


def _answers(habits: Habits, counts: Counts) -> Table:
    lines = [line.times(1_000) for line in bill.answer_lines(counts, habits, TYPICAL.cold)]
    rows = [
        (f"{line.group}: {line.item}", amount(line.units), line.price.unit, money(line.dollars))
        for line in lines
    ]
    rows.append(("**all but Bedrock**", "", "", f"**{money(bill.total(lines))}**"))
    for model in prices.MODELS.values():
        tokens = [line.times(1_000) for line in bill.model_lines(counts, habits, model)]
        rows += [
            (f"{model.name}: {line.item}", amount(line.units), line.price.unit, money(line.dollars))
            for line in tokens
        ]
        rows.append((f"**{model.name}**", "", "", f"**{money(bill.total(tokens))}**"))
    title = f"1,000 answers, at {TYPICAL.users:,} users a day"
    return Table(title, ("", "units", "of", "dollars"), rows)


def _months(habits: Habits, counts: Counts) -> Table:
    months = [bill.month_lines(counts, habits, scale, HISTORY_DAYS) for scale in SCALES]
    sums = [_by_group(lines) for lines in months]
    rows = [(group, *(money(month[group]) for month in sums)) for group in sums[0]]
    rows.append(("**all but Bedrock**", *(f"**{money(bill.total(lines))}**" for lines in months)))
    for model in prices.MODELS.values():
        one = bill.total(bill.model_lines(counts, habits, model))
        each = (one * scale.users * habits.questions * bill.DAYS for scale in SCALES)
        rows.append((model.name, *(money(dollars) for dollars in each)))
    head = ("users a day", *(f"{scale.users:,}" for scale in SCALES))
    return Table(f"A month, with {HISTORY_DAYS} days of history in the table", head, rows)


def _by_group(lines: Sequence[Line]) -> dict[str, float]:
    order = list(dict.fromkeys(line.group for line in lines))
    grouped = groupby(
        sorted(lines, key=lambda line: order.index(line.group)), lambda line: line.group
    )
    return {group: bill.total(list(items)) for group, items in grouped}


def _changes(habits: Habits) -> Table:
    """What 1,000 answers cost if one thing is otherwise."""
    model = next(iter(prices.MODELS.values()))
    rows = []
    for said, changed in (
        ("as assumed", habits),
        ("frames 100 ms apart, not 40", replace(habits, post=0.1)),
        ("answers twice as long", replace(habits, answer_tokens=2 * habits.answer_tokens)),
        ("conversations of 20 questions", replace(habits, questions=20)),
    ):
        counts = count(changed)
        rest = bill.total(bill.answer_lines(counts, changed, TYPICAL.cold))
        tokens = bill.total(bill.model_lines(counts, changed, model))
        rows.append((said, amount(counts.frames), money(1_000 * rest), money(1_000 * tokens)))
    head = ("", "frames of an answer", "all but Bedrock", model.name)
    return Table("1,000 answers, if", head, rows)


def _idle(counts: Counts) -> Table:
    kept = Kept()
    lines = bill.idle_lines(counts, kept)
    rows = [
        (f"{line.group}: {line.item}", amount(line.units), money(line.dollars)) for line in lines
    ]
    rows.append(("**together**", "", f"**{money(bill.total(lines))}**"))
    rows += [
        (
            f"unless they are among the account's free ones: {line.item}",
            amount(line.units),
            money(line.dollars),
        )
        for line in bill.watching_lines(ALARMS, DASHBOARDS)
    ]
    title = f"A month in which nobody chats, with {kept.turns:,} turns stored"
    return Table(title, ("", "GB-months, or number", "dollars"), rows)


def _quotas(habits: Habits, counts: Counts) -> Table:
    by_scale = [bill.needs(counts, habits, scale.users) for scale in SCALES]
    rows = [
        (
            same[0].quota,
            amount(same[0].default),
            *(f"**{amount(need.need)}**" if need.short else amount(need.need) for need in same),
        )
        for same in zip(*by_scale, strict=True)
    ]
    head = ("busiest seconds, users a day", "default", *(f"{scale.users:,}" for scale in SCALES))
    return Table("Quotas; what needs more than 70 % of a default is bold", head, rows)


def _prices() -> Table:
    listed = [("", value) for value in vars(prices).values() if isinstance(value, prices.Price)]
    for model in prices.MODELS.values():
        listed += [(f", {model.name}", price) for price in (model.prompt, model.answer)]
    rows = [
        (f"{price.per:,} {price.unit}{whose}", f"${price.dollars:g}", price.page)
        for whose, price in listed
    ]
    return Table("Prices, to be checked against their pages", ("for", "dollars", "page"), rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

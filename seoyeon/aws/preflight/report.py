"""Findings for a person: a table on a terminal, plain lines everywhere else."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seoyeon.aws.preflight.finding import Finding, Level

STYLES = {
    Level.OK: "green",
    Level.WARNING: "yellow",
    Level.NO_CHAT: "bold red",
    Level.NO_DEPLOY: "bold red",
}


def show(findings: Sequence[Finding], console: Console) -> None:
    if console.is_terminal:
        console.print(_table(findings))
    else:
        for line in plain(findings):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(summary(findings), markup=False, highlight=False, soft_wrap=True)


def plain(findings: Sequence[Finding]) -> list[str]:
    """One line for a finding, and one below it for its command."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.level.value}: {finding.subject}: {finding.sentence}")
        if finding.command:
            lines.append(f"    {finding.command}")
    return lines


def summary(findings: Sequence[Finding]) -> str:
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    if counts[Level.NO_DEPLOY]:
        return "A deploy would fail."
    if counts[Level.NO_CHAT]:
        return "A deploy should work; a first chat would fail."
    return "Nothing found that would stop a deploy or a first chat."


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column(overflow="fold")
    for finding in findings:
        said = Text(finding.sentence)
        if finding.command:
            said.append(f"\n{finding.command}", style="cyan")
        level = Text(finding.level.value, style=STYLES[finding.level])
        table.add_row(level, Text(finding.subject, style="bold"), said)
    return table

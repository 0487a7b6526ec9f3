"""Findings on the terminal: a table, or plain lines where the output is no terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seoyeon.aws.preflight.checks import Preflight
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.errors import CommandError

STYLES = {
    Level.OK: "green",
    Level.ADVICE: "cyan",
    Level.WARNING: "yellow",
    Level.NO_CHAT: "bold red",
    Level.NO_DEPLOY: "bold red",
}


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Print every finding, and a summary as the last line."""
    if console.is_terminal:
        console.print(_table(findings))
    else:
        for line in plain_lines(findings):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(summary(findings), markup=False, highlight=False, soft_wrap=True)


def require_target(preflight: Preflight) -> DeploymentTarget:
    """Print the problems that were found and return the deployment target.

    Raises CommandError if one of them stops a deployment.
    """
    for finding in preflight.findings:
        if finding.level not in (Level.OK, Level.ADVICE):
            lines = plain_lines([finding])
            print("\n".join(lines if finding.level is Level.NO_DEPLOY else lines[:1]))
    if preflight.target is None:
        raise CommandError(
            "Nothing was changed. Solve the problems above, then run the command again."
        )
    return preflight.target


def plain_lines(findings: Sequence[Finding]) -> list[str]:
    """Return one line per finding, and an indented one for its command."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.level.value}: {finding.subject}: {finding.sentence}")
        if finding.command:
            lines.append(f"    {finding.command}")
    return lines


def summary(findings: Sequence[Finding]) -> str:
    levels = {finding.level for finding in findings}
    if Level.NO_DEPLOY in levels:
        return "A deploy would fail."
    if Level.NO_CHAT in levels:
        return "A deploy should work, but a first chat would fail."
    return "Nothing was found that would stop a deploy or a first chat."


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column(overflow="fold")
    for finding in findings:
        text = Text(finding.sentence)
        if finding.command:
            text.append(f"\n{finding.command}", style="cyan")
        level = Text(finding.level.value, style=STYLES[finding.level])
        table.add_row(level, Text(finding.subject, style="bold"), text)
    return table

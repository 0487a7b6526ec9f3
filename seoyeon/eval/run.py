"""The command `eval`: ask items at a deployment, apply the rules, write and compare results."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seoyeon import ROOT
from seoyeon.client import Stored
from seoyeon.client.page import Page, open_page
from seoyeon.eval.asking import Asker
from seoyeon.eval.cost import estimate_cost
from seoyeon.eval.files import load_items
from seoyeon.eval.items import Item, choose_items
from seoyeon.eval.records import ANSWERS, Record, Records
from seoyeon.eval.report import format_comparison, format_result, format_summary
from seoyeon.eval.results import RESULT, apply_rules, read_result
from seoyeon.terminal.errors import CommandError, plain_errors

RUNS = Path(".local/eval")
ABOUT = "run.json"
REPORT = "report.md"

Split = Literal["all", "open", "held-out"]


@dataclass(frozen=True)
class Options:
    """The options of a run; `output` is the folder of a run to resume, None for a new one."""

    url: str
    files: Sequence[Path] = ()
    count: int | None = None
    kinds: Sequence[str] = ()
    split: Split = "all"
    repeats: int = 3
    model: str | None = None
    parallel: int = 1
    output: Path | None = None
    rescore: bool = False
    yes: bool = False


async def run_evaluation(options: Options) -> None:
    """Ask what is missing, apply the rules, write report and result; raise CommandError."""
    if options.rescore and not options.output:
        raise CommandError("--rescore needs the folder of a run: add --output FOLDER.")
    items = _load(options)
    folder = options.output or RUNS / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    records = Records(folder)
    if not options.rescore:
        await _ask_missing(options, items, folder, records)
    found = [each for each in records.read(items).values() if each.repeat <= options.repeats]
    result = apply_rules(items, found, _read_about(folder) | _answering(items, found))
    result.write(folder / RESULT)
    report = format_result(result, items, found)
    (folder / REPORT).write_text(report, encoding="utf-8")
    print(format_summary(result))
    print(f"Report: {folder / REPORT}\nResult: {folder / RESULT}")


def compare(first: Path, second: Path) -> None:
    """Print two results side by side as Markdown."""
    print(format_comparison(read_result(first), read_result(second)), end="")


def _load(options: Options) -> list[Item]:
    items, left_out = load_items(options.files or sorted((ROOT / "eval").glob("*.jsonl")))
    for reason, count in Counter(left_out).items():
        print(f"Items left out, as {reason} has no rule: {count}")
    kinds = {item.kind for item in items}
    if unknown := set(options.kinds) - kinds:
        raise CommandError(f"There is no kind {min(unknown)}: {', '.join(sorted(kinds))}.")
    items = [
        item
        for item in items
        if (not options.kinds or item.kind in options.kinds)
        and (options.split == "all" or item.held_out == (options.split == "held-out"))
    ]
    return choose_items(items, options.count) if options.count else items


async def _ask_missing(
    options: Options, items: Sequence[Item], folder: Path, records: Records
) -> None:
    async with open_page(options.url) as page:
        _check_model(page, options.model)
        about = {"page": page.origin, "laptop model": page.model, "chosen model": options.model}
        _check_same(folder, about)
        answered = records.read(items)
        missing = [
            (item, repeat)
            for item in items
            for repeat in range(1, options.repeats + 1)
            if (item.id, repeat) not in answered or answered[item.id, repeat].has_failed
        ]
        if not missing:
            return
        if not options.yes:
            _confirm(missing, page, options.model)
        account = None if page.auth == "guest" else Stored()
        if account:
            await account.token(page)  # a sign-in, if it is needed, precedes the progress
        asker = Asker(options.url, account, options.model)
    _begin(folder, about)
    print(f"Answers: {folder / ANSWERS} (--output {folder} resumes the run)", flush=True)
    await _ask_all(missing, asker, records, options.parallel)


def _check_model(page: Page, model: str | None) -> None:
    ids = [str(each["id"]) for each in page.models]
    if model and model not in ids:
        raise CommandError(f"{page.origin} has no model {model}: {', '.join(ids) or 'no choice'}.")


def _check_same(folder: Path, about: Mapping[str, str | None]) -> None:
    """Raise CommandError if the folder has answers of another deployment or model."""
    if not (folder / ABOUT).exists():
        return
    before = _read_about(folder)
    if differing := [name for name, value in about.items() if before.get(name) != value]:
        [name, *_] = differing
        raise CommandError(
            f"{folder} has answers of another {name}, {before.get(name)}: use another --output."
        )


def _begin(folder: Path, about: Mapping[str, str | None]) -> None:
    if not (folder / ABOUT).exists():
        folder.mkdir(parents=True, exist_ok=True)
        begun = {"begun": datetime.now(UTC).isoformat(timespec="seconds")}
        (folder / ABOUT).write_text(
            json.dumps({**about, **begun}, ensure_ascii=False), encoding="utf-8"
        )


def _read_about(folder: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{folder} is no folder of an evaluation: {error}.") from None
    return about


def _answering(items: Sequence[Item], records: Sequence[Record]) -> dict[str, Any]:
    models = {each.model_id for record in records for each in record.exchanges if each.model_id}
    repeats = Counter(record.item for record in records)
    return {
        "answered by": ", ".join(sorted(models)) or None,
        "items": len(repeats),
        "repeats": max(repeats.values(), default=0),
        "kinds": len({item.kind for item in items}),
    }


def _confirm(missing: Sequence[tuple[Item, int]], page: Page, model: str | None) -> None:
    """Ask before money is spent; raise CommandError if the answer is not yes."""
    estimate = estimate_cost([item for item, _ in missing], page, model)
    if estimate.dollars == 0:
        return
    cost = "a price that is not known" if estimate.dollars is None else f"${estimate.dollars:.2f}"
    offer = (
        f"{len(missing)} conversations with {page.origin} take about {estimate.usage.total:,} "
        f"tokens, for {cost}."
    )
    if not sys.stdin.isatty():
        raise CommandError(f"{offer} Confirm this with --yes.")
    if input(f"{offer} Ask them? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was asked.")


async def _ask_all(
    missing: Sequence[tuple[Item, int]], asker: Asker, records: Records, parallel: int
) -> None:
    """Ask in order; the repetitions of an item follow each other, as a cache of prompts likes."""
    waiting = iter(missing)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )
    task = progress.add_task("Asking", total=len(missing))

    async def work() -> None:
        for item, repeat in waiting:
            progress.update(task, description=item.id)
            records.add(await asker.ask(item, repeat))
            progress.advance(task)
            if not progress.console.is_terminal and progress.tasks[task].completed % 25 == 0:
                print(f"{progress.tasks[task].completed:.0f} of {len(missing)}", flush=True)

    with plain_errors(), progress:
        async with asyncio.TaskGroup() as group:
            for _ in range(parallel):
                group.create_task(work())

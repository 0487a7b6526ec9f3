"""Files of items: our own, IFEval's (JSON lines) and KMMLU's (CSV)."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from seoyeon.eval import ifeval, kmmlu
from seoyeon.eval.ifeval import Unsupported
from seoyeon.eval.items import Item, parse_item
from seoyeon.terminal.errors import CommandError

Row = tuple[int, dict[str, str]]  # number from 1, fields


def load_items(files: Iterable[Path]) -> tuple[list[Item], list[str]]:
    """Return the items of all files, in order, and why others were left out.

    Raises CommandError with file and line for a fault.
    """
    found = dict[str, Item]()
    left_out = []
    for file in files:
        for number, row in _read_rows(file):
            try:
                item = _parse_row(row, file, number)
                if item.id in found:
                    raise ValueError(f"the id {item.id} is used twice")
            except Unsupported as unsupported:
                left_out.append(str(unsupported))
                continue
            except (KeyError, TypeError, ValueError) as error:
                reason = f"{error} is missing" if isinstance(error, KeyError) else error
                raise CommandError(f"{file}, line {number}: {reason}.") from None
            found[item.id] = item
    return list(found.values()), left_out


def _parse_row(row: dict[str, str], file: Path, number: int) -> Item:
    if file.suffix == ".csv":
        return kmmlu.parse_row(row, file.stem, number)
    fields = json.loads(row["line"])
    if "instruction_id_list" in fields:
        return ifeval.parse_line(fields)
    return parse_item(fields, file.parent / "documents")


def _read_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file by their columns, or the lines of another one as `line`."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            if file.suffix == ".csv":
                yield from enumerate(csv.DictReader(source), start=1)
                return
            for number, line in enumerate(source, start=1):
                if line.strip():
                    yield number, {"line": line}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{file} cannot be read: {error}.") from None

"""CPU time and memory of the documents' reader at its limits: `python -m bench.reader`.

Each generated file is read by one child process. Its limit of address space is above its memory.
"""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from document_reader.child import MEMORY
from document_reader.extraction import child_command, child_environment
from document_reader.formats.docx import MAX_PART
from document_reader.guards import MAX_STREAM, MAX_ZIP_PART
from rich.console import Console
from rich.table import Table

from tests.documents import hwp, hwpx, office, pdf

LINE = "제1조(목적) 이 규정은 국외 출장 여비의 지급을 정함을 목적으로 한다. "
ROW = ["일비", "30,000", "숙박비", "실비", "식비", "정액"]


def fill(unit: str | bytes, size: int) -> int:
    """Return how many units have `size` bytes together, less a tenth for what is around them."""
    return int(size * 0.9) // len(unit if isinstance(unit, bytes) else unit.encode())


def hwp_text() -> bytes:
    paragraph = hwp.paragraph(LINE)
    return hwp.hwp(paragraph * fill(paragraph, MAX_STREAM))


def hwp_table() -> bytes:
    table = hwp.paragraph("여비", controls=[hwp.table([ROW] * 100)])
    return hwp.hwp(table * fill(table, MAX_STREAM))


def hwp_claim() -> bytes:
    return hwp.hwp(hwp.paragraph("여비", controls=[hwp.table([ROW], claim=(1_000, 1_000))]))


def hwpx_text() -> bytes:
    paragraph = hwpx.paragraph(LINE)
    return hwpx.hwpx([hwpx.section(paragraph * fill(paragraph, MAX_ZIP_PART))])


def docx_text() -> bytes:
    paragraph = office.word_paragraph(LINE)
    return office.docx(paragraph * fill(paragraph, MAX_PART))


def docx_table() -> bytes:
    table = office.word_table([ROW] * 100)
    return office.docx(table * fill(table, MAX_PART))


def xlsx_rows() -> bytes:
    cell = office.text_cell(ROW[0])
    rows = fill(cell, MAX_ZIP_PART) // (2 * len(ROW))
    return office.xlsx(
        {"여비": {f"{column}{n}": cell for n in range(1, rows) for column in "ABCDEF"}}
    )


FILES: Mapping[str, Callable[[], bytes]] = {
    "TXT, 20 MB": lambda: LINE.encode() * fill(LINE, 22_000_000),
    "HWP, a stream of 45 MB": hwp_text,
    "HWP, tables of 45 MB": hwp_table,
    "HWP, a table that claims 1,000,000 cells": hwp_claim,
    "HWPX, a section of 27 MB": hwpx_text,
    "PDF, 500 pages of 800 characters": lambda: pdf.pdf([LINE * 20] * 500),
    "PDF, 10,000 pages": lambda: pdf.pdf([LINE] * 10_000),
    "DOCX, text of 9 MB": docx_text,
    "DOCX, tables of 9 MB": docx_table,
    "PPTX, 500 slides": lambda: office.pptx(*[office.shape(LINE * 20)] * 500),
    "XLSX, a sheet of 20 MB": xlsx_rows,
}


def measure(make: Callable[[], bytes]) -> tuple[str, str, str, str]:
    """Return the MB of a file, the CPU seconds and MB of its child, and the child's result."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(make())
        with TemporaryFile() as output:
            child = subprocess.Popen(  # noqa: S603 (no shell, fixed arguments)
                child_command(path, "a.txt"), env=child_environment(), stdout=output
            )
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            answer = {"code": "broken"} if status else json.load(output)
        megabytes = path.stat().st_size / 1e6
    end = answer.get("code") or f"{answer['characters']:,} characters"
    return (
        f"{megabytes:.1f}",
        f"{usage.ru_utime + usage.ru_stime:.1f}",
        f"{usage.ru_maxrss / 1024:,.0f}",
        end,
    )


def main() -> None:
    table = Table(title=f"Reader at its limits, address space of {MEMORY / 2**20:,.0f} MB")
    for title in ("file", "MB", "CPU s", "memory, MB", "end"):
        table.add_column(title, justify="left" if title in ("file", "end") else "right")
    for name, make in FILES.items():
        table.add_row(name, *measure(make))
    Console().print(table)


if __name__ == "__main__":
    main()

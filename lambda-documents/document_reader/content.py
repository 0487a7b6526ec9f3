"""The text of a document between its format's reader and its parts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chat_shared.documents import Unit

MAX_NAME = 80  # characters of a heading that names a section
_HEADING = re.compile(r"^#{1,6} +(.*?)[ #]*$")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")


@dataclass(frozen=True)
class Section:
    """The text of a page, sheet, slide or section; tables have a row on each line."""

    name: str
    text: str


@dataclass(frozen=True)
class Content:
    """A whole document. `skipped` counts what is left out, `truncated` tells of missing units."""

    unit: Unit
    units: int
    sections: Sequence[Section]
    skipped: Mapping[str, int] = field(default_factory=dict)
    truncated: bool = False


def from_markdown(markdown: str, skipped: Mapping[str, int] | None = None) -> Content:
    """Return a document whose headings begin sections and name them."""
    sections = split_at_headings(markdown)
    return Content("section", len(sections), sections, skipped or {})


def split_at_headings(markdown: str) -> list[Section]:
    """Return the sections, whose texts joined are `markdown`; a fence's `#` is no heading."""
    name, lines, sections, is_code = "", list[str](), list[Section](), False
    for line in markdown.splitlines(keepends=True):
        is_code ^= bool(_FENCE.match(line))
        heading = None if is_code else _HEADING.match(line.rstrip("\n"))
        if heading and lines:
            sections.append(Section(name, "".join(lines)))
            lines = []
        name = heading[1][:MAX_NAME] if heading else name
        lines.append(line)
    return [*sections, Section(name, "".join(lines))]


def table_row(cells: Sequence[str]) -> str:
    """Return `| a | b |`, on one line also if a cell has several."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"

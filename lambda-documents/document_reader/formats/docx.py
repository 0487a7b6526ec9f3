"""DOCX, by mammoth: notes, text boxes and tracked insertions are kept, deletions left out."""

import gc
import re
from collections.abc import Iterator

import mammoth  # type: ignore[import-untyped]  # it has no types
from lxml import html

from document_reader.content import Content, from_markdown, table_row
from document_reader.errors import Unreadable
from document_reader.guards import write_zip

HEADING = re.compile(r"h([1-6])")
NOTE = re.compile(r"#((?:footnote|endnote)-\d+)")
MARGIN = re.compile(r"word/(header|footer)\d*\.xml")
MAX_PART = 10_000_000  # bytes of XML: mammoth takes a second and 60 MB of memory for each MB
MAX_SPAN = 100  # columns of a merged cell


def read(parts: dict[str, bytes]) -> Content:
    if max(map(len, parts.values())) > MAX_PART:
        raise Unreadable("too_large")
    images = list[object]()

    def skip_image(image: object) -> list[object]:
        images.append(image)
        return []

    # The collector would visit mammoth's many objects again and again, for half of the time.
    gc.disable()
    try:
        document = mammoth.convert_to_html(write_zip(parts), convert_image=skip_image)
    finally:
        gc.enable()
    margins = [
        found[1] for name in parts if (found := MARGIN.fullmatch(name)) and b"<w:t" in parts[name]
    ]
    return from_markdown(
        _to_markdown(document.value),
        {
            "header": margins.count("header"),
            "footer": margins.count("footer"),
            "memo": parts.get("word/comments.xml", b"").count(b"<w:comment "),
            "image": len(images),
        },
    )


def _to_markdown(document: str) -> str:
    """Return mammoth's HTML as text, with each note behind the block of its mark."""
    root = html.fragment_fromstring(document, create_parent="div")
    for line_break in root.iter("br"):
        line_break.tail = f"\n{line_break.tail or ''}"
    notes = {}
    for item in root.xpath("//li[starts-with(@id, 'footnote-') or starts-with(@id, 'endnote-')]"):
        for back in item.xpath(".//a[text() = '↑']"):
            back.drop_tree()
        notes[item.get("id")] = item.text_content().strip()
        item.drop_tree()
    lines = list[str]()
    for block in root:
        marked = list[str]()
        for anchor in block.iter("a"):
            if (found := NOTE.fullmatch(anchor.get("href", ""))) and found[1] in notes:
                anchor.text = (anchor.text or "").replace("[", "[^")
                marked.append(f"{anchor.text}: {notes[found[1]]}")
        lines += [text for text in _block_lines(block) if text]
        lines += marked
    return "\n\n".join(lines)


def _block_lines(block: html.HtmlElement) -> Iterator[str]:
    """Yield the paragraphs of a block; those of a table and of a list are one."""
    if heading := HEADING.fullmatch(block.tag):
        yield f"{'#' * int(heading[1])} {' '.join(block.text_content().split())}"
    elif block.tag == "table":
        yield "\n".join(_table_rows(block))
    elif block.tag in ("ul", "ol"):
        yield "\n".join(_list_items(block))
    else:
        yield block.text_content().strip()


def _table_rows(table: html.HtmlElement) -> Iterator[str]:
    """Yield the rows; a merged cell has its text in the first of its cells."""
    covered = dict[int, int]()  # column → rows that a cell above covers
    for row in table.xpath("./tr | ./thead/tr | ./tbody/tr"):
        cells = list[str]()
        for cell in row:
            while covered.get(len(cells), 0) > 0:
                covered[len(cells)] -= 1
                cells.append("")
            for text in [
                cell.text_content(),
                *[""] * min(int(cell.get("colspan", 1)) - 1, MAX_SPAN),
            ]:
                covered[len(cells)] = int(cell.get("rowspan", 1)) - 1
                cells.append(text)
        while covered.get(len(cells), 0) > 0:
            covered[len(cells)] -= 1
            cells.append("")
        yield table_row(cells)


def _list_items(items: html.HtmlElement, indent: str = "") -> Iterator[str]:
    for number, item in enumerate(items, 1):
        nested = [child for child in item if child.tag in ("ul", "ol")]
        for child in nested:
            item.remove(child)
        mark = f"{number}." if items.tag == "ol" else "-"
        yield f"{indent}{mark} {item.text_content().strip()}"
        for child in nested:
            yield from _list_items(child, indent + "    ")

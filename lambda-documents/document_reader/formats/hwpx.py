"""HWPX: OWPML in a zip; hwp2markdown reads its paragraphs."""

import re
from collections import Counter
from collections.abc import Iterator

from hwp2md.blocks import Block
from hwp2md.hwpx import body
from hwp2md.hwpx.bindata import BinItemStore
from hwp2md.hwpx.header import EMPTY_HEADER, parse_header, parse_header_xml
from hwp2md.hwpx.reader import is_encrypted_manifest
from lxml import etree

from document_reader.content import Content
from document_reader.errors import Unreadable
from document_reader.formats.hwp_blocks import to_content
from document_reader.guards import check_cells, parse_xml

SECTION = re.compile(r"Contents/section(\d+)\.xml")
SKIPPED = {"header": "header", "footer": "footer", "memo": "memo", "hiddenComment": "memo"} | {
    "pic": "image"
}


def read(parts: dict[str, bytes]) -> Content:
    """Return the text of a zip's parts. Raise Unreadable if they are encrypted."""
    if is_encrypted_manifest(parts.get("META-INF/manifest.xml", b"")):
        raise Unreadable("locked")
    numbered = {int(found[1]): name for name in parts if (found := SECTION.fullmatch(name))}
    sections = [parse_xml(parts[numbered[number]]) for number in sorted(numbered)]
    check_cells(sum(_claimed_cells(section) for section in sections))
    header = parts.get("Contents/header.xml")
    styles = parse_header(parse_header_xml(header)) if header else EMPTY_HEADER
    charts = {name: part for name, part in parts.items() if name.startswith("Chart/")}
    context = body.DocContext()
    blocks: list[Block] = []
    for section in sections:
        blocks += body.parse_section(section, styles, BinItemStore({}, {}, charts), context)
    tags = (tag for section in sections for tag in _paragraph_tags(section))
    skipped = Counter(SKIPPED[tag] for tag in tags if tag in SKIPPED)
    return to_content([*blocks, *context.note_blocks()], skipped)


def _claimed_cells(section: etree._Element) -> int:
    """Return the cells of the tables' grids, which hwp2markdown allocates."""
    tables = section.iter(body.HP_TBL)
    return sum(int(each.get("rowCnt", 0)) * int(each.get("colCnt", 0)) for each in tables)


def _paragraph_tags(section: etree._Element) -> Iterator[str]:
    """Yield the names of all elements of OWPML's paragraph list."""
    for element in section.iter(f"{{{body.NS_HP}}}*"):
        yield etree.QName(element).localname

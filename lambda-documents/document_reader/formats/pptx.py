"""PPTX, by lxml: a library would add 20 MB, and the text stands in three kinds of elements."""

import posixpath
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from document_reader.content import Content, Section, table_row
from document_reader.guards import parse_xml

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
SLIDES = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
MARGIN = {"dt", "ftr", "hdr", "sldNum"}  # placeholders of date, footer, header, slide number
PRESENTATION = "ppt/presentation.xml"


def read(parts: dict[str, bytes]) -> Content:
    slides = _related(parts, PRESENTATION)
    order = parse_xml(parts[PRESENTATION]).iter(f"{SLIDES}sldId")
    names = [slides[slide.get(f"{{{OFFICE}}}id", "")] for slide in order]
    skipped = Counter[str]()
    sections = list[Section]()
    for number, name in enumerate(names, 1):
        slide = parse_xml(parts[name])
        placeholders = [each.get("type") for each in slide.iter(f"{SLIDES}ph")]
        skipped["footer"] += placeholders.count("ftr")
        skipped["image"] += len(list(slide.iter(f"{SLIDES}pic")))
        lines = list(_lines(slide))
        for target in _related(parts, name).values():
            if target.startswith("ppt/notesSlides/") and target in parts:
                lines += _lines(parse_xml(parts[target]))
        sections.append(Section(str(number), "\n".join(lines)))
    return Content("slide", len(sections), sections, skipped)


def _related(parts: dict[str, bytes], name: str) -> dict[str, str]:
    """Return the part names that a part refers to, by relationship id."""
    folder, base = posixpath.split(name)
    relations = parts.get(f"{folder}/_rels/{base}.rels")
    if relations is None:
        return {}
    return {
        relation.get("Id", ""): posixpath.normpath(
            posixpath.join("/", folder, relation.get("Target", ""))
        ).lstrip("/")
        for relation in parse_xml(relations)
    }


def _lines(element: etree._Element) -> Iterator[str]:
    """Yield paragraphs and table rows in the order of storage, those of groups too."""
    match element.tag:
        case tag if tag == FALLBACK or (tag == f"{SLIDES}sp" and _is_margin(element)):
            return
        case tag if tag == f"{DRAWING}tr":
            yield table_row([_text(cell) for cell in element.iterchildren(f"{DRAWING}tc")])
        case tag if tag == f"{DRAWING}p":
            if text := _text(element).strip():
                yield text
        case _:
            for child in element:
                yield from _lines(child)


def _is_margin(shape: etree._Element) -> bool:
    placeholder = shape.find(f".//{SLIDES}ph")
    return placeholder is not None and placeholder.get("type") in MARGIN


def _text(element: etree._Element) -> str:
    """Return the text of the runs, with a line feed before each paragraph and at each break."""
    runs = element.iter(f"{DRAWING}t", f"{DRAWING}p", f"{DRAWING}br")
    return "".join((each.text or "") if each.tag == f"{DRAWING}t" else "\n" for each in runs)

"""HWPX documents: OWPML (KS X 6101) in a zip."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

HANCOM = "http://www.hancom.co.kr/hwpml/2011"
NAMESPACES = " ".join(f'xmlns:{name[0]}="{HANCOM}/{name}"' for name in ("section", "paragraph"))
OUTLINE = 1  # id of the paragraph properties that make a heading
STYLES = (
    f'<h:head xmlns:h="{HANCOM}/head"><h:refList><h:paraProperties>'
    '<h:paraPr id="1"><h:heading type="OUTLINE" idRef="0" level="0"/></h:paraPr>'
    "</h:paraProperties></h:refList></h:head>"
)
ENCRYPTED = (
    '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><file-entry '
    'full-path="Contents/section0.xml"><encryption-data checksum="x"/></file-entry></manifest>'
)


def paragraph(text: str, *objects: str, shape: int = 0) -> str:
    """Return a paragraph; a tab is an element, and the objects stand behind the text."""
    content = escape(text).replace("\t", '<p:tab width="4000"/>')
    runs = f"<p:run><p:t>{content}</p:t></p:run>"
    runs += "".join(f"<p:run>{each}</p:run>" for each in objects)
    return f'<p:p paraPrIDRef="{shape}">{runs}</p:p>'


def table(cells: Mapping[tuple[int, int], str], claim: tuple[int, int] = (2, 2)) -> str:
    """Return a table of (row, column) → text in the mapping's order."""
    body = "".join(
        f'<p:tr><p:tc><p:subList>{paragraph(text)}</p:subList><p:cellAddr colAddr="{column}" '
        f'rowAddr="{row}"/><p:cellSpan colSpan="1" rowSpan="1"/></p:tc></p:tr>'
        for (row, column), text in cells.items()
    )
    return f'<p:tbl rowCnt="{claim[0]}" colCnt="{claim[1]}">{body}</p:tbl>'


def control(name: str, text: str) -> str:
    """Return a note or a margin: `footNote`, `endNote`, `header`, `footer`, `hiddenComment`."""
    return f"<p:ctrl><p:{name}><p:subList>{paragraph(text)}</p:subList></p:{name}></p:ctrl>"


def section(*paragraphs: str, before: str = "") -> str:
    return f"<?xml version='1.0'?>{before}<s:sec {NAMESPACES}>{''.join(paragraphs)}</s:sec>"


def hwpx(
    sections: Sequence[str], separator: str = "/", manifest: str = "<manifest/>", chart: str = ""
) -> bytes:
    parts = {f"Contents/section{n}.xml": text for n, text in enumerate(sections)}
    parts |= {"Contents/header.xml": STYLES, "META-INF/manifest.xml": manifest}
    parts |= {"Chart/chart1.xml": chart} if chart else {}
    names = {name.replace("/", separator): text for name, text in sorted(parts.items())}
    return zip_of({"mimetype": "application/hwp+zip"} | names)


def zip_of(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()

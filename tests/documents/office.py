"""DOCX, PPTX and XLSX documents (ECMA-376), of the few parts that their readers need."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from tests.documents.hwpx import zip_of

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MAIN_TYPES = {
    "word/document.xml": "wordprocessingml.document",
    "ppt/presentation.xml": "presentationml.presentation",
    "xl/workbook.xml": "spreadsheetml.sheet",
}


def package(main: str, parts: Mapping[str, str | bytes]) -> bytes:
    kind = f"application/vnd.openxmlformats-officedocument.{MAIN_TYPES[main]}.main+xml"
    types = (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{main}" ContentType="{kind}"/></Types>'
    )
    first = {"[Content_Types].xml": types, "_rels/.rels": relations({"officeDocument": main})}
    return zip_of({**first, **parts})


def relations(targets: Mapping[str, str]) -> str:
    """Return relationships by type; the id is the type, too."""
    each = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{name.rstrip("0123456789")}" Target="{to}"/>'
        for name, to in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{each}</Relationships>'


def word_paragraph(text: str, style: str = "", more: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    run = f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    return f"<w:p>{properties}{run}{more}</w:p>"


def word_note(text: str) -> tuple[str, str]:
    """Return the mark of a footnote and the notes' part."""
    mark = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    return mark, _word("footnotes", f'<w:footnote w:id="1">{word_paragraph(text)}</w:footnote>')


def word_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table; `<` in a cell merges it with the one on its left, `^` with the one above."""
    body = ""
    for row in rows:
        body += "<w:tr>"
        for column, cell in enumerate(row):
            if cell == "<":
                continue
            span = 1 + (column + 1 < len(row) and row[column + 1] == "<")
            merge = "<w:vMerge/>" if cell == "^" else '<w:vMerge w:val="restart"/>'
            text = word_paragraph("" if cell == "^" else cell)
            body += f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/>{merge}</w:tcPr>{text}</w:tc>'
        body += "</w:tr>"
    return f"<w:tbl>{body}</w:tbl>"


def _word(root: str, body: str) -> str:
    return f'<w:{root} xmlns:w="{WORD}" xmlns:r="{OFFICE}">{body}</w:{root}>'


def docx(*body: str, notes: str = "", **others: str) -> bytes:
    """Return a document; `others` are further parts by name, such as `header1`."""
    style = '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>'
    parts = {
        "word/document.xml": _word("document", f"<w:body>{''.join(body)}</w:body>"),
        "word/styles.xml": _word("styles", style),
        "word/footnotes.xml": notes or _word("footnotes", ""),
    }
    parts |= {f"word/{name}.xml": _word("part", text) for name, text in others.items()}
    targets = relations({"styles": "styles.xml", "footnotes": "footnotes.xml"})
    return package("word/document.xml", parts | {"word/_rels/document.xml.rels": targets})


def shape(text: str, placeholder: str = "body") -> str:
    paragraphs = "".join(
        f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text.split("\n")
    )
    return (
        f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{placeholder}"/></p:nvPr></p:nvSpPr>'
        f"<p:txBody>{paragraphs}</p:txBody></p:sp>"
    )


def slide_table(rows: Sequence[Sequence[str]]) -> str:
    body = "".join(
        "<a:tr>"
        + "".join(f"<a:tc><a:txBody>{_drawn(cell)}</a:txBody></a:tc>" for cell in row)
        + "</a:tr>"
        for row in rows
    )
    return f"<p:graphicFrame><a:tbl>{body}</a:tbl></p:graphicFrame>"


def _drawn(text: str) -> str:
    return f"<a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p>"


def _slide(root: str, *shapes: str) -> str:
    tree = f"<p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld>"
    return f'<p:{root} xmlns:p="{SLIDES}" xmlns:a="{DRAWING}" xmlns:r="{OFFICE}">{tree}</p:{root}>'


def pptx(*slides: str, notes: str = "") -> bytes:
    """Return a presentation whose part names are in the reverse order; `notes` are of slide 1."""
    count = len(slides)
    names = {f"slide{n}": f"slides/slide{count - n}.xml" for n in range(count)}
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="slide{n}"/>' for n in range(count))
    parts = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{SLIDES}" xmlns:r="{OFFICE}">'
        f"<p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(names),
    }
    for body, name in zip(slides, names.values(), strict=True):
        parts[f"ppt/{name}"] = _slide("sld", body)
    if notes:
        target = relations({"notesSlide": "../notesSlides/notesSlide1.xml"})
        parts[f"ppt/slides/_rels/slide{count}.xml.rels"] = target
        parts["ppt/notesSlides/notesSlide1.xml"] = _slide("notes", notes)
    return package("ppt/presentation.xml", parts)


def xlsx(sheets: Mapping[str, Mapping[str, str]], comments: str = "") -> bytes:
    """Return a workbook of sheet name → address → content of the element `c`."""
    names = {f"worksheet{n}": f"worksheets/sheet{n}.xml" for n in range(1, len(sheets) + 1)}
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="worksheet{n}"/>'
        for n, name in enumerate(sheets, 1)
    )
    # Style 1 is the date format 14.
    styles = (
        f'<styleSheet xmlns="{SHEETS}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    )
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(names | {"styles": "styles.xml"}),
        "xl/styles.xml": styles,
    }
    for cells, name in zip(sheets.values(), names.values(), strict=True):
        rows: dict[str, str] = {}
        for address, cell in cells.items():
            number = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            rows[number] = rows.get(number, "") + cell.replace("<c", f'<c r="{address}"', 1)
        body = "".join(f'<row r="{number}">{row}</row>' for number, row in rows.items())
        parts[f"xl/{name}"] = (
            f'<worksheet xmlns="{SHEETS}"><sheetData>{body}</sheetData></worksheet>'
        )
    if comments:
        parts["xl/comments1.xml"] = comments
    return package("xl/workbook.xml", parts)


def text_cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'

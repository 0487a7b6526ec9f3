"""PDF, by PDFium, which repairs damaged files and has the character maps of Korean fonts."""

import pypdfium2  # type: ignore[import-untyped]  # it has no types
from pypdfium2 import raw

from document_reader.content import Content, Section
from document_reader.errors import Unreadable
from document_reader.letters import is_readable
from document_reader.parts import MAX_CHARACTERS

MAX_PAGES = 500
SCANNED_CHARACTERS = 20  # a page with fewer and a picture has been scanned
LOCKED = {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}


def read(file: bytes) -> Content:
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise Unreadable("locked" if error.err_code in LOCKED else "broken") from error
    sections, characters, images = list[Section](), 0, 0
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        text = page.get_textpage().get_text_range()
        images += sum(1 for _ in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], max_depth=2))
        sections.append(Section(str(number + 1), text))
        characters += len("".join(text.split()))
        page.close()
        if characters > MAX_CHARACTERS:
            break
    if images and characters < SCANNED_CHARACTERS * len(sections):
        raise Unreadable("scanned")
    if not is_readable("".join(section.text for section in sections)):
        raise Unreadable("unreadable")
    is_cut = len(sections) < len(document)
    return Content("page", len(document), sections, {"image": images}, is_cut)

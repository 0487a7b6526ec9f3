"""Parts of a document, by LangChain's text splitter; no other module imports LangChain."""

from collections.abc import Iterator, Sequence

from chat_shared.documents import Part
from langchain_text_splitters import RecursiveCharacterTextSplitter

from document_reader.content import Content, Section
from document_reader.letters import clean

PART_CHARACTERS = 800
MAX_CHARACTERS = 400_000

# The separators stay and nothing overlaps, so that the parts of a unit joined are its text.
_SPLITTER = RecursiveCharacterTextSplitter(
    chunk_size=PART_CHARACTERS,
    chunk_overlap=0,
    separators=["\n\n", "\n", ". ", " ", ""],
    keep_separator="end",
    strip_whitespace=False,
)


def split_content(content: Content) -> tuple[list[Part], bool]:
    """Return the parts, and whether the document is longer than `MAX_CHARACTERS`."""
    sections = [Section(clean(each.name), clean(each.text)) for each in content.sections]
    if content.unit == "section":
        sections = list(_join_short(sections))
    parts, left = list[Part](), MAX_CHARACTERS
    for section in sections:
        text = section.text[:left]
        left -= len(text)
        pieces = _SPLITTER.split_text(text) if text.strip() else []
        parts += [Part(content.unit, section.name, piece) for piece in pieces]
        if len(text) < len(section.text):
            return parts, True
    return parts, False


def _join_short(sections: Sequence[Section]) -> Iterator[Section]:
    """Join sections that fit one part together: outlines make a heading of each line."""
    joined = sections[0]
    for section in sections[1:]:
        if len(joined.text) + len(section.text) <= PART_CHARACTERS:
            joined = Section(joined.name or section.name, joined.text + section.text)
        else:
            yield joined
            joined = section
    yield joined

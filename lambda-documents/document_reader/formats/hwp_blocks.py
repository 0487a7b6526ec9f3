"""hwp2markdown's blocks of an HWP or HWPX document as text, with notes after their marks."""

from collections.abc import Iterator, Mapping, Sequence

from hwp2md.blocks import Block, Inline, Note, NoteRef, Paragraph, Table
from hwp2md.render import render_blocks

from document_reader.content import Content, from_markdown


def to_content(blocks: Sequence[Block], skipped: Mapping[str, int]) -> Content:
    markdown = render_blocks(list(_place_notes(blocks)))
    return from_markdown(markdown.replace("<br>", " "), skipped)


def _place_notes(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks with each note behind the block of its mark; the library has them last."""
    notes = {(block.kind, block.number): block for block in blocks if isinstance(block, Note)}
    for block in blocks:
        if isinstance(block, Note):
            continue
        yield block
        for mark in _note_marks(block):
            if note := notes.pop((mark.kind, mark.number), None):
                yield note
    yield from notes.values()


def _note_marks(block: Block) -> Iterator[NoteRef]:
    lines: Sequence[Sequence[Inline]] = ()
    match block:
        case Paragraph(inlines=inlines):
            lines = [inlines]
        case Table(cells=rows):
            lines = [cell for row in rows for cell in row]
    return (inline for line in lines for inline in line if isinstance(inline, NoteRef))

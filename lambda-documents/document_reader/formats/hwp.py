"""HWP 5, distribution documents (배포용) too; hwp2markdown reads its records.

The numbers are those of Hancom's specification "한글 문서 파일 형식 5.0". It asks for this notice:
본 제품은 한글과컴퓨터의 ᄒᆞᆫ글 문서 파일(.hwp) 공개 문서를 참고하여 개발하였습니다.
"""

import io
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

import olefile
from hwp2md.blocks import Block
from hwp2md.hwp5.body import ReadContext, parse_blocks
from hwp2md.hwp5.distdoc import decrypt_view_text
from hwp2md.hwp5.docinfo import parse_docinfo
from hwp2md.hwp5.records import Record, iter_records

from document_reader.content import Content
from document_reader.errors import Unreadable
from document_reader.formats.hwp_blocks import to_content
from document_reader.guards import MAX_STREAM, check_cells, inflate

COMPRESSED, PASSWORD, DISTRIBUTION, DRM, CERTIFICATE_DRM = 1, 1 << 1, 1 << 2, 1 << 4, 1 << 10
CONTROL, TABLE, PICTURE, MEMO = 71, 77, 85, 93  # tags of records
SKIPPED_CONTROLS = {
    b"daeh": "header",
    b"toof": "footer",
    b"tmct": "memo",
}  # ids are stored reversed
SKIPPED_RECORDS = {PICTURE: "image", MEMO: "memo"}


def read(file: bytes) -> Content:
    with olefile.OleFileIO(io.BytesIO(file)) as ole:
        (properties,) = struct.unpack_from("<I", ole.openstream("FileHeader").read(), 36)
        if properties & (PASSWORD | DRM | CERTIFICATE_DRM):
            raise Unreadable("locked")
        streams = ["DocInfo", *_section_names(ole, properties)]
        docinfo, *sections = [_read_stream(ole, name, properties) for name in streams]
    if not sections:
        raise Unreadable("broken")
    records = [list(iter_records(section)) for section in sections]
    check_cells(sum(_claimed_cells(record) for section in records for record in section))
    context = ReadContext()
    styles = parse_docinfo(docinfo)
    blocks: list[Block] = []
    for section in records:
        blocks += parse_blocks(section, styles, None, context)
    return to_content([*blocks, *context.note_blocks()], _count_skipped(records))


def _section_names(ole: "olefile.OleFileIO[str]", properties: int) -> Iterator[str]:
    storage = "ViewText" if properties & DISTRIBUTION else "BodyText"
    for number in count():
        if not ole.exists(name := f"{storage}/Section{number}"):
            return
        yield name


def _read_stream(ole: "olefile.OleFileIO[str]", name: str, properties: int) -> bytes:
    stream: bytes = ole.openstream(name).read()
    if name.startswith("ViewText"):
        stream = decrypt_view_text(stream)
    if properties & COMPRESSED:
        return inflate(stream)
    if len(stream) > MAX_STREAM:
        raise Unreadable("too_large")
    return stream


def _claimed_cells(record: Record) -> int:
    """Return the cells of a table's grid, which hwp2markdown allocates: up to 65,535 × 65,535."""
    if record.tag_id != TABLE or len(record.payload) < 8:
        return 0
    rows, columns = struct.unpack_from("<HH", record.payload, 4)
    return int(rows * columns)


def _count_skipped(sections: Sequence[Sequence[Record]]) -> Counter[str]:
    records = [record for section in sections for record in section]
    controls = (record.payload[:4] for record in records if record.tag_id == CONTROL)
    skipped = Counter(SKIPPED_CONTROLS[each] for each in controls if each in SKIPPED_CONTROLS)
    tags = (record.tag_id for record in records)
    return skipped + Counter(SKIPPED_RECORDS[tag] for tag in tags if tag in SKIPPED_RECORDS)

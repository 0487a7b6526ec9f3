"""Bounds on zips and XML; each attack is small on disk and large when it is read."""

import struct

import pytest
from document_reader.errors import Unreadable
from document_reader.guards import MAX_ZIP_PART, parse_xml, read_zip

from tests.documents.hwpx import hwpx, paragraph, section, zip_of

LAUGHS = "<!DOCTYPE s [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"


def test_a_part_that_inflates_too_far_is_too_large() -> None:
    file = zip_of({"Contents/section0.xml": bytes(MAX_ZIP_PART + 1)})
    assert len(file) < 100_000
    with pytest.raises(Unreadable, match="too_large"):
        read_zip(file)


def test_parts_that_inflate_too_far_together_are_too_large() -> None:
    with pytest.raises(Unreadable, match="too_large"):
        read_zip(zip_of({f"Contents/section{n}.xml": bytes(MAX_ZIP_PART) for n in range(3)}))


def test_a_part_that_claims_to_be_small_is_not_believed() -> None:
    size = struct.pack("<I", MAX_ZIP_PART)
    file = zip_of({"Contents/section0.xml": bytes(MAX_ZIP_PART)})
    assert file.count(size) == 2
    with pytest.raises(Exception, match="CRC"):
        read_zip(file.replace(size, struct.pack("<I", 1_000)))


def test_pictures_are_not_inflated() -> None:
    file = zip_of(
        {"BinData/image1.bmp": bytes(MAX_ZIP_PART + 1), "mimetype": "application/hwp+zip"}
    )
    assert read_zip(file).keys() == {"mimetype"}


def test_an_encrypted_part_is_locked() -> None:
    file = bytearray(zip_of({"Contents/section0.xml": "<a/>"}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        file[file.index(signature) + offset] |= 1
    with pytest.raises(Unreadable, match="locked"):
        read_zip(bytes(file))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding: str) -> None:
    text = section(paragraph("가")).replace("<s:sec", f"{LAUGHS}<s:sec").encode(encoding)
    with pytest.raises(Unreadable, match="broken"):
        read_zip(zip_of({"Contents/section0.xml": text}))


def test_xml_loads_no_entity() -> None:
    root = parse_xml(b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>")
    assert root.text is None


def test_the_test_s_own_documents_are_accepted() -> None:
    assert "Contents/section0.xml" in read_zip(hwpx([section(paragraph("가"))]))

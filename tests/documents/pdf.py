"""PDF documents (ISO 32000) of text in a Korean font, which is not embedded."""

import zlib
from collections.abc import Mapping, Sequence


def pdf(
    pages: Sequence[str],
    wrong_map: bool = False,
    objects: Mapping[int, bytes] | None = None,
    trailer: bytes = b"",
) -> bytes:
    """Return a document with a text on each page.

    A character's code is its UTF-16 unit. A wrong map to Unicode gives letters as if codes were
    numbers of glyphs. `objects` replace or extend the numbered objects: 1 catalogue, 2 page tree,
    3 font, 4 and 5 its parts; then each page and its content. `trailer` has further entries.
    """
    codes = sorted({ord(letter) for page in pages for letter in page} - {10})
    letters = [0x0400 + code % 0x0900 if wrong_map else code for code in codes]
    mapping = "".join(f"<{a:04X}> <{b:04X}>\n" for a, b in zip(codes, letters, strict=True))
    numbers = range(6, 6 + 2 * len(pages), 2)
    kids = " ".join(f"{number} 0 R" for number in numbers)
    made = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        3: b"<</Type/Font/Subtype/Type0/BaseFont/Batang/Encoding/Identity-H"
        b"/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
        4: b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Batang"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        5: stream(f"{len(codes)} beginbfchar\n{mapping}endbfchar".encode()),
    }
    for number, page in zip(numbers, pages, strict=True):
        made[number] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {number + 1} 0 R"
            "/Resources<</Font<</F1 3 0 R>>/XObject<</X1 30000 0 R>>>>>>"
        ).encode()
        shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj T*\n" for line in page.split("\n"))
        made[number + 1] = stream(f"BT /F1 12 Tf 14 TL 50 800 Td\n{shown}ET".encode())
    made |= objects or {}
    lines, length, places = [b"%PDF-1.7\n"], 9, {}
    for number, content in made.items():
        places[number] = length
        lines.append(b"%d 0 obj\n%b\nendobj\n" % (number, content))
        length += len(lines[-1])
    lines.append(b"xref\n0 1\n0000000000 65535 f \n")
    lines += [b"%d 1\n%010d 00000 n \n" % place for place in places.items()]
    lines.append(
        b"trailer\n<</Size 30001/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, length)
    )
    return b"".join(lines)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream, deflated."""
    packed = zlib.compress(content, 9)
    head = b"<</Length %d/Filter/FlateDecode%b>>" % (len(packed), entries)
    return b"%b\nstream\n%b\nendstream" % (head, packed)


PICTURE = stream(
    bytes(3),
    b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceRGB",
)
DRAW = stream(b"q 595 0 0 842 0 0 cm /X1 Do Q")

"""Compound files ([MS-CFB] version 3) with streams in one level of storages; olefile only reads."""

import struct
from collections.abc import Mapping

SECTOR, MINI_SECTOR, CUTOFF = 512, 64, 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """Return a file with these streams; `BodyText/Section0` is a stream in a storage."""
    sectors = _Chains(SECTOR)
    minis = _Chains(MINI_SECTOR)
    places = {
        path: (sectors if len(content) >= CUTOFF else minis).add(content)
        for path, content in streams.items()
    }
    names = sorted({path.split("/")[0] for path in streams} | streams.keys())
    mini_start = sectors.add(minis.content)
    entries = [_entry("Root Entry", ROOT, mini_start, len(minis.content))]
    for index, path in enumerate(names, 1):
        folder = path.rpartition("/")[0]
        siblings = [n for n, other in enumerate(names, 1) if other.rpartition("/")[0] == folder]
        after = next((n for n in siblings if n > index), FREE)
        children = [n for n, other in enumerate(names, 1) if other.startswith(f"{path}/")]
        name = path.rpartition("/")[2]
        if path in streams:
            entries.append(_entry(name, STREAM, places[path], len(streams[path]), right=after))
        else:
            entries.append(_entry(name, STORAGE, 0, 0, right=after, child=children[0]))
    if names:
        entries[0] = _entry("Root Entry", ROOT, mini_start, len(minis.content), child=1)
    directory = sectors.add(b"".join(entries))
    mini_table = sectors.add(struct.pack(f"<{len(minis.table)}I", *minis.table))
    count = 1
    while count * SECTOR // 4 < len(sectors.table) + count:
        count += 1
    first = len(sectors.table)
    table = [*sectors.table, *[FAT] * count]
    table += [FREE] * (count * SECTOR // 4 - len(table))
    header = struct.pack(
        "<8s16x5H6x9I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, count, directory, 0, CUTOFF, mini_table, -(-len(minis.table) * 4 // SECTOR), END, 0),
    )
    locations = [*range(first, first + count), *[FREE] * (109 - count)]
    header += struct.pack("<109I", *locations)
    return header + sectors.content + struct.pack(f"<{len(table)}I", *table)


class _Chains:
    """Sectors of one size and their allocation table; each chain is contiguous."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.content = b""
        self.table: list[int] = []

    def add(self, content: bytes) -> int:
        if not content:
            return END
        start, count = len(self.table), -(-len(content) // self._size)
        self.content += content.ljust(count * self._size, b"\0")
        self.table += [*range(start + 1, start + count), END]
        return start


def _entry(
    name: str, kind: int, start: int, size: int, right: int = FREE, child: int = FREE
) -> bytes:
    encoded = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII36xIQ",
        encoded,
        len(encoded) + 2,
        kind,
        1,
        *(FREE, right, child),
        start,
        size,
    )

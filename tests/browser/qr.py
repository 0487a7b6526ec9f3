"""Reads a QR code as a camera's software does after it has found the modules (ISO/IEC 18004).

Written from the standard, and not from the library that draws: what both agree on is right.
"""

from collections.abc import Callable
from itertools import chain

Matrix = list[list[bool]]

# Version and level: check bytes in each block, then the data bytes of each block (table 9).
_BLOCKS = {
    (4, "L"): (20, [80]),
    (4, "M"): (18, [32, 32]),
    (4, "Q"): (26, [24, 24]),
    (5, "L"): (26, [108]),
    (5, "M"): (24, [43, 43]),
    (5, "Q"): (18, [15, 15, 16, 16]),
    (6, "L"): (18, [68, 68]),
    (6, "M"): (16, [27, 27, 27, 27]),
    (6, "Q"): (24, [19, 19, 19, 19]),
}
_LEVELS = {0b01: "L", 0b00: "M", 0b11: "Q", 0b10: "H"}
_FORMAT_MASK = 0b101010000010010
_MASKS: list[Callable[[int, int], int]] = [
    lambda i, j: (i + j) % 2,
    lambda i, _: i % 2,
    lambda _, j: j % 3,
    lambda i, j: (i + j) % 3,
    lambda i, j: (i // 2 + j // 3) % 2,
    lambda i, j: i * j % 2 + i * j % 3,
    lambda i, j: (i * j % 2 + i * j % 3) % 2,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2,
]
_NUMERIC, _ALPHANUMERIC, _BYTES = 0b0001, 0b0010, 0b0100
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def read(matrix: Matrix) -> str:
    """The text of a code of version 4 to 6; an AssertionError where it is damaged."""
    size = len(matrix)
    version = (size - 17) // 4
    level, mask = _format(matrix)
    bits = [
        matrix[row][column] ^ (_MASKS[mask](row, column) == 0)
        for row, column in _path(size)
        if not _is_function(row, column, size)
    ]
    words = [_number(bits[at : at + 8]) for at in range(0, len(bits) // 8 * 8, 8)]
    check_length, lengths = _BLOCKS[version, level]
    return _text(b"".join(_blocks(words, check_length, lengths)))


def _format(matrix: Matrix) -> tuple[str, int]:
    columns = [0, 1, 2, 3, 4, 5, 7, 8]
    rows = [7, 5, 4, 3, 2, 1, 0]
    first = [matrix[8][column] for column in columns] + [matrix[row][8] for row in rows]
    size = len(matrix)
    second = [matrix[size - 1 - k][8] for k in range(7)]
    second += [matrix[8][size - 8 + k] for k in range(8)]
    assert first == second
    value = _number(first) ^ _FORMAT_MASK
    rest = value
    for shift in range(4, -1, -1):
        if rest >> (shift + 10) & 1:
            rest ^= 0b10100110111 << shift
    assert rest == 0, "the format's check bits are wrong"
    return _LEVELS[value >> 13], value >> 10 & 0b111


def _path(size: int) -> list[tuple[int, int]]:
    """Two columns at a time from the right, up and down in turn; the timing column is left out."""
    cells = []
    rights = [column - (column <= 6) for column in range(size - 1, 0, -2)]
    for turn, right in enumerate(rights):
        rows = range(size) if turn % 2 else range(size - 1, -1, -1)
        cells += [(row, column) for row in rows for column in (right, right - 1)]
    return cells


def _is_function(row: int, column: int, size: int) -> bool:
    corner = size - 8
    finder = (row < 9 and (column < 9 or column >= corner)) or (row >= corner and column < 9)
    alignment = max(abs(row - (size - 7)), abs(column - (size - 7))) <= 2
    return finder or alignment or row == 6 or column == 6


def _blocks(words: list[int], check_length: int, lengths: list[int]) -> list[bytes]:
    data: list[list[int]] = [[] for _ in lengths]
    stream = iter(words)
    for step in range(max(lengths)):
        for block, length in zip(data, lengths, strict=True):
            if step < length:
                block.append(next(stream))
    for _ in range(check_length):
        for block in data:
            block.append(next(stream))
    for block in data:
        assert not any(_syndromes(block, check_length)), "a block's check bytes are wrong"
    return [bytes(block[:length]) for block, length in zip(data, lengths, strict=True)]


def _syndromes(block: list[int], count: int) -> list[int]:
    """The block as a polynomial over GF(256) at the first powers of two: 0 where it is whole."""
    found = []
    root = 1
    for _ in range(count):
        value = 0
        for word in block:
            value = _multiply(value, root) ^ word
        found.append(value)
        root = _multiply(root, 2)
    return found


def _multiply(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def _text(data: bytes) -> str:
    """Segments of three kinds, up to a terminator or the end."""
    bits = list(
        chain.from_iterable([byte >> k & 1 == 1 for k in range(7, -1, -1)] for byte in data)
    )
    at = 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return _number(bits[at - count : at])

    text = ""
    while len(bits) - at >= 4 and (kind := take(4)):
        if kind == _NUMERIC:
            length = take(10)
            text += "".join(f"{take(10):03}" for _ in range(length // 3))
            if rest := length % 3:
                text += f"{take(3 * rest + 1):0{rest}}"
        elif kind == _ALPHANUMERIC:
            length = take(9)
            for _ in range(length // 2):
                text += "".join(_LETTERS[digit] for digit in divmod(take(11), 45))
            if length % 2:
                text += _LETTERS[take(6)]
        else:
            assert kind == _BYTES
            length = take(8)
            text += bytes(take(8) for _ in range(length)).decode()
    return text


def _number(bits: list[bool]) -> int:
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value

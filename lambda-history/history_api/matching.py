"""Words of a query in a text: in any order, without regard to case and spaces. Pure.

A text is folded before it is searched: compatible characters are the same (NFKC), case and spaces
are dropped. A space between two Latin letters or digits stays, so that "cat" is not in "music at".
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"  # in the order of Unicode's syllables
SYLLABLES = 588  # that begin with the same consonant, from 가 on
# Two consonants that a Korean keyboard joins.
JOINED = "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ"
PARTS = ["ㄱㅅ", "ㄴㅈ", "ㄴㅎ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅂㅅ"]
CLUSTERS = str.maketrans(dict(zip(JOINED, PARTS, strict=True)))
IGNORED = re.compile(r"(?<![a-z0-9])\s+|\s+(?![a-z0-9])")
SPACES = re.compile(r"\s+")
# Signs of Markdown, each with the text in their place.
SIGNS = [
    (re.compile(pattern, re.MULTILINE), text)
    for pattern, text in (
        (r"^[ \t]*(?:```|~~~).*$", ""),  # of code
        (r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t:|-]*)?$", ""),  # below a table's head; a rule
        (r"!?\[([^\]\n]*)\]\([^)\n]*\)", r"\1"),
        (r"^[ \t]*(?:(?:#{1,6}|>|[-*+])[ \t]+)+", ""),
        (r"\*\*+|~~|`+|__(?:(?<!\w__)|(?!\w))", ""),
        # A single one, but not that of 2*3 or user_id.
        (r"\*(?:(?<!\w\*)(?=\S)|(?<=\S\*)(?!\w))|_(?:(?<!\w_)(?=\S)|(?<=\S_)(?!\w))", ""),
        (r"[ \t]*\|[ \t]*", " "),
    )
]
SEPARATOR = "\0"  # no query has one, so that no match reaches beyond it
# Of an excerpt, in characters before and after a match, and the number of places that it shows.
BEFORE, AFTER, PLACES = 24, 64, 3
MAX_SPANS = 50  # matches of a word that are looked for

Span = tuple[int, int]


class _Folds(dict[str, str]):
    """The folded form of each character, computed when it is first needed."""

    def __missing__(self, character: str) -> str:
        folded = unicodedata.normalize("NFKC", character).casefold()
        self[character] = folded
        return folded


FOLDS = _Folds()


@dataclass(frozen=True)
class Piece:
    """A part of an excerpt; `match` tells whether it is a word of the query."""

    text: str
    match: bool


def strip_signs(markdown: str) -> str:
    """Return the text of a Markdown document, on the same lines, without the usual signs."""
    for pattern, text in SIGNS:
        markdown = pattern.sub(text, markdown)
    return markdown


def turn_text(question: str, answer: str) -> str:
    """Return the text of a turn that is searched, composed."""
    return unicodedata.normalize("NFC", f"{question}{SEPARATOR}{strip_signs(answer)}")


def fold(text: str) -> str:
    folded = "".join(map(FOLDS.__getitem__, unicodedata.normalize("NFC", text)))
    return IGNORED.sub("", folded)


def _fold_with_places(text: str) -> tuple[str, list[int]]:
    """Return a composed text as `fold` does, and for each character of it its place in `text`."""
    pieces = [FOLDS[character] for character in text]
    folded = "".join(pieces)
    all_places = [place for place, piece in enumerate(pieces) for _ in piece]
    places, end = [], 0
    for ignored in IGNORED.finditer(folded):
        places += all_places[end : ignored.start()]
        end = ignored.end()
    return IGNORED.sub("", folded), places + all_places[end:]


class Query:
    """A compiled query. It is false without words."""

    def __init__(self, text: str) -> None:
        words = unicodedata.normalize("NFC", text).translate(CLUSTERS).split()
        self._words = [re.compile(pattern) for pattern in map(_pattern, words) if pattern]

    def __bool__(self) -> bool:
        return bool(self._words)

    def matches(self, folded: str) -> bool:
        """Return whether a folded text has all words."""
        return all(word.search(folded) for word in self._words)

    def spans(self, text: str) -> list[list[Span]]:
        """Return for each word its places in a composed text; there may be none."""
        folded, places = _fold_with_places(text)
        return [
            [
                (places[found.start()], places[found.end() - 1] + 1)
                for found in islice(word.finditer(folded), MAX_SPANS)
            ]
            for word in self._words
        ]


def _pattern(word: str) -> str:
    """Return a regular expression; an initial consonant stands for each syllable with it."""
    return "".join(map(_character_pattern, word))


def _character_pattern(character: str) -> str:
    folded = "".join(FOLDS[character].split())
    place = INITIALS.find(character)
    if place < 0:
        return re.escape(folded)
    first = ord("가") + place * SYLLABLES
    return f"[{chr(first)}-{chr(first + SYLLABLES - 1)}{folded}]"


@dataclass(frozen=True)
class Excerpt:
    """The surroundings of a query's words in a text; `start` is the first match's place."""

    pieces: Sequence[Piece]
    start: int


def excerpt(text: str, query: Query) -> Excerpt | None:
    """Return the surroundings of each word's first match; None if a word is missing.

    The text is composed.
    """
    spans = query.spans(text)
    if not all(spans):
        return None
    windows: list[Span] = []
    for start, end in sorted(found[0] for found in spans):
        if windows and start < windows[-1][1] and text.find(SEPARATOR, windows[-1][1], end) < 0:
            windows[-1] = windows[-1][0], max(windows[-1][1], end)
        elif len(windows) < PLACES:
            windows.append(_window(text, start, end))
    matches = _merge(sorted(span for found in spans for span in found))
    pieces: list[Piece] = []
    for window in windows:
        if pieces or not _is_edge(text, window[0] - 1):
            pieces.append(Piece("… ", match=False))
        pieces += _cut(text, window, matches)
    if not _is_edge(text.rstrip(), windows[-1][1]):
        pieces.append(Piece("…", match=False))
    return Excerpt(_join(pieces), min(found[0][0] for found in spans))


def _is_edge(text: str, place: int) -> bool:
    """Return whether a place is outside of a question or answer."""
    return not 0 <= place < len(text) or text[place] == SEPARATOR


def _window(text: str, start: int, end: int) -> Span:
    first = max(start - BEFORE, text.rfind(SEPARATOR, 0, start) + 1, 0)
    separator = text.find(SEPARATOR, end)
    last = min(end + AFTER, separator if separator >= 0 else len(text))
    return first, last


def _merge(spans: Sequence[Span]) -> list[Span]:
    """Return sorted spans without overlaps."""
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _cut(text: str, window: Span, matches: Sequence[Span]) -> list[Piece]:
    at, last = window
    pieces = []
    for start, end in matches:
        if start < at or end > last:
            continue
        pieces += [Piece(text[at:start], match=False), Piece(text[start:end], match=True)]
        at = end
    return [*pieces, Piece(text[at:last], match=False)]


def _join(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces on one line: neighbours of a kind are one, empty ones are left out."""
    joined: list[Piece] = []
    for piece in pieces:
        text = SPACES.sub(" ", piece.text)
        if joined and joined[-1].match == piece.match:
            joined[-1] = Piece(joined[-1].text + text, piece.match)
        elif text:
            joined.append(Piece(text, piece.match))
    return joined

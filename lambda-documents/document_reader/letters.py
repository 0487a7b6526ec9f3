"""Characters: those that a prompt and JSON can hold, and those that show a wrong encoding."""

import re
import unicodedata

# Hancom's fonts have characters in Unicode's private-use areas: the syllable 한 of 한글, the boxed
# numbers that begin headings of public offices, and bullets.
_PRIVATE = {"\uf53a": "한"} | {chr(0xF02B1 + n): chr(ord("①") + n) for n in range(20)}
_KNOWN = re.compile("[\uf53a\U000f02b1-\U000f02c4]")
_BULLET = re.compile("[\U000f0000-\U000ffffd]")
# Controls but tab and line feed, soft hyphens, lone surrogates (invalid in JSON), private use, the
# mark of byte order and non-characters.
_DROPPED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\ud800-\udfff\ue000-\uf8ff\ufeff\ufffe\uffff"
    "\U0010fffe-\U0010ffff\U00100000-\U0010fffd]"
)
_READABLE = re.compile(
    "[\x20-\x7e\xa0-\u024f"  # Latin
    "\u2000-\u2bff"  # punctuation, arrows, mathematics, enclosed numbers, shapes
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u3000-\u30ff\u3200-\u33ff\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]"  # East Asia
)
READABLE_SHARE = 0.6


def clean(text: str) -> str:
    """Return text in NFC without what a prompt or JSON cannot hold, and without blank runs."""
    text = re.sub(r"\r\n?|[\x0b\x0c\u2028\u2029]", "\n", text)
    text = _KNOWN.sub(lambda found: _PRIVATE[found[0]], text)
    text = _DROPPED.sub("", _BULLET.sub("•", text))
    text = re.sub(r"[^\S\n]+$", "", unicodedata.normalize("NFC", text), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text)


def is_readable(text: str) -> bool:
    """Return whether enough characters are ones that Korean documents consist of.

    A PDF's font without a map to Unicode gives letters of scripts all over the table.
    """
    letters = "".join(text.split())
    return len(_READABLE.findall(letters)) >= READABLE_SHARE * len(letters)

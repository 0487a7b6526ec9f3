"""The ranking of passages for a question: BM25 over character bigrams. Pure.

A bigram does not depend on where a Korean word ends: particles (`휴가는`, `휴가를`) and spacing
(`개인 정보`, `개인정보`) change few of them. Words would need a dictionary of 100 MB.
"""

import math
import re
import unicodedata
from collections.abc import Sequence

SATURATION, LENGTH_WEIGHT = 1.2, 0.75  # k1 and b of BM25, as usual
PREVIOUS_WEIGHT = 0.5  # of the previous question, which a follow-up such as "그럼 며칠?" needs
SEPARATORS = re.compile(r"[\W_]+")


def rank(question: str, previous: str, texts: Sequence[str]) -> list[int]:
    """Return the indices of `texts`, best match first; equal matches keep their order."""
    contents = [normalise(text) for text in texts]
    weights = dict.fromkeys(bigrams(normalise(previous)), PREVIOUS_WEIGHT)
    weights |= dict.fromkeys(bigrams(normalise(question)), 1.0)
    average = sum(map(len, contents)) / (len(contents) or 1)
    scores = [0.0] * len(contents)
    for bigram, weight in weights.items():
        counts = [content.count(bigram) for content in contents]
        found = sum(map(bool, counts))
        rarity = weight * math.log(1 + (len(contents) - found + 0.5) / (found + 0.5))
        for at, count in enumerate(counts):
            if count:
                length = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * len(contents[at]) / average
                scores[at] += rarity * count * (SATURATION + 1) / (count + SATURATION * length)
    return sorted(range(len(contents)), key=lambda at: -scores[at])


def normalise(text: str) -> str:
    """Return the letters and digits of a text, without case, in NFC."""
    return SEPARATORS.sub("", unicodedata.normalize("NFC", text)).casefold()


def bigrams(text: str) -> dict[str, None]:
    """Return the different pairs of neighbouring characters, in their order."""
    return dict.fromkeys(text[at : at + 2] for at in range(len(text) - 1))

"""Sentences and speech levels of Korean text, by the morphological analyser Kiwi.

Kiwi is loaded with the first text, which takes some seconds and 0.5 GB of memory.
"""

from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Sentence

SpeechLevel = Literal["합쇼체", "해요체", "해체", "해라체"]
SPEECH_LEVELS = get_args(SpeechLevel)

# Kiwi's tags: EF is a final ending, EC a connecting one. Before a line break without a full stop,
# it takes "끓인다" for a connection.
_FINAL, _CONNECTING = "EF", "EC"
_PARTICLE_OR_INTERJECTION = ("JX", "IC")  # "제가요", "천만에요"
_FORMAL = ("니다", "니까", "시오", "시다")
_POLITE = ("요", "죠")
# 해라체: statements, questions, orders and proposals of writing and of speech to children.
_PLAIN = ("다", "냐", "라", "자", "마", "니", "구나")
_SYMBOLS = ("S", "W")  # punctuation, emoji, addresses


@cache
def _kiwi() -> "Kiwi":
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text without Markdown's list markers."""
    return [sentence.text for sentence in _sentences(text)]


def find_speech_levels(text: str) -> list[SpeechLevel]:
    """Return the speech level of each sentence that ends with a final ending."""
    levels = (_speech_level(sentence) for sentence in _sentences(text))
    return [level for level in levels if level]


def _sentences(text: str) -> list["Sentence"]:
    """Return the sentences that have a word, line by line: a list item is no part of the next."""
    return [
        sentence
        for line in text.splitlines()
        for sentence in _kiwi().split_into_sents(line.strip(" \t#>*-|"), return_tokens=True)
        if any(not token.tag.startswith(_SYMBOLS) for token in sentence.tokens)
    ]


def _speech_level(sentence: "Sentence") -> SpeechLevel | None:
    last = [token for token in sentence.tokens if not token.tag.startswith(_SYMBOLS)][-1]
    if last.tag in _PARTICLE_OR_INTERJECTION and last.form.endswith("요"):
        return "해요체"
    is_statement = last.tag == _CONNECTING and last.form.endswith(("다", *_POLITE))
    if last.tag != _FINAL and not is_statement:
        return None
    if last.form.endswith(_FORMAL):
        return "합쇼체"
    if last.form.endswith(_POLITE):
        return "해요체"
    return "해라체" if last.form.endswith(_PLAIN) else "해체"

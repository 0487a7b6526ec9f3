"""The request for a conversation's title, and the title in the model's reply. Pure."""

import re
import unicodedata

from chat_ws.worker.prompt import neutralise

MAX_TITLE_LENGTH = 20  # characters; a Hangul syllable is one
MAX_TITLE_TOKENS = 40
EXCERPT_LENGTH = 200  # characters of the question, and of the answer, that the model reads

_PAIRS = (
    '""',
    "''",
    "“”",
    "‘’",
    "「」",
    "『』",
    "《》",
    "〈〉",
    "【】",
    "[]",
    "()",
    "<>",
    "**",
    "__",
)
_QUOTES = "\"'“”‘’「」『』"
_SPECIAL_TOKEN = re.compile(r"<\|start_header_id\|>.*?<\|end_header_id\|>|<\|.*?\|>")
_MARKUP = re.compile(r"\*\*|`|^[#>*•·–—-]+\s+|^\d+[.)]\s+")
_NAMED = re.compile(r"제목(?:은|으로는?|을)\s*[\"'“‘「『《](.+?)[\"'”’」』》]")
_LABEL = re.compile(
    r"^(?:(?:이\s*)?(?:대화|채팅)?의?\s*제목(?:은|\s*[:：-])|(?:chat |conversation )?title\s*[:：-]"
    r"|(?:assistant|질문|답변?)\s*[:：])\s*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?:입니다|이에요|예요)?[\s.,;:。、：…]*$")
_UNCLOSED = re.compile(r"\s*(?:\([^)]*|\[[^\]]*|[「『《][^」』》]*)$")
_NO_TITLE = re.compile(
    r"죄송(?:하지만|합니다|해요)|미안하지만|제목\s*(?:이\s*)?없|없음$"
    r"|i(?:'m| am) sorry|i can(?:no|['’])t|n/a$|none$|null$|untitled",
    re.IGNORECASE,
)


def describe(question: str, answer: str) -> str:
    """Return the beginning of a conversation as the text whose title the model is to give."""
    return f"질문: {question[:EXCERPT_LENGTH]}\n\n답: {answer[:EXCERPT_LENGTH]}\n\n제목:"


def clean(reply: str) -> str | None:
    """Return the title in a model's reply; None if there is none.

    It is the first line that does not introduce another one, without markup, quotes, label and
    special tokens, and at most MAX_TITLE_LENGTH long.
    """
    for line in _SPECIAL_TOKEN.sub("\n", unicodedata.normalize("NFC", reply)).splitlines():
        if line.rstrip().endswith((":", "：")):  # an introduction of the next line
            continue
        if title := _strip(line):
            return None if _NO_TITLE.match(title) or _is_nonsense(title) else _cut(title)
    return None


def _strip(line: str) -> str:
    text = " ".join(
        "".join(c for c in line if unicodedata.category(c)[0] != "C" or c == "\t").split()
    )
    if named := _NAMED.search(text):
        text = named[1]
    while True:
        before = text
        text = _LABEL.sub("", _MARKUP.sub("", text))
        text = _unquote(_SENTENCE_END.sub("", text)).strip()
        if text == before:
            return neutralise(text)


def _unquote(text: str) -> str:
    """Remove a pair around the text, or a quote at its beginning or end that has no partner."""
    if (
        text[:1] + text[-1:] in _PAIRS
        and len(text) > 1
        and not set(text[1:-1]) & {text[0], text[-1]}
    ):
        return text[1:-1]
    quotes = [character for character in text if character in _QUOTES]
    return text.strip(_QUOTES) if len(quotes) == 1 else text


def _is_nonsense(title: str) -> bool:
    return "\ufffd" in title or len({c for c in title if c.isalnum()}) < 2


def _cut(title: str) -> str:
    """Cut a title at the end of a word, or in a word that is longer than the title may be."""
    if len(title) <= MAX_TITLE_LENGTH:
        return title
    words = title[: MAX_TITLE_LENGTH + 1].rpartition(" ")[0]
    return _strip(_UNCLOSED.sub("", words or title[:MAX_TITLE_LENGTH]))

"""Passages of documents: their choice, their form in a prompt, and their citations. Pure.

A turn stores the passages that began its answer, best first, so that each run builds the same
prompt: `{n}/{document}/{part}`, with `/{digest}` for a note of a summary, and `{document}/{status}`
for a document that was named as missing.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from chat_shared.documents import Document, Part
from chat_shared.turn import Source

from chat_ws.worker import retrieval
from chat_ws.worker.prompt import estimate

SEARCHED = 8  # passages of a question to documents that do not fit as a whole
MAX_PASSAGES = 400  # in a prompt: the turn's item holds their references
MAX_SOURCES = 8
SOURCE_CHARACTERS = 200
NAME_CHARACTERS = 100  # of a document or a section, in a prompt and in a source
MARK = re.compile(r"\[(\d{1,4})\]")
# A passage's marks, as a document may forge them: `<자료 1>`, `</ 자료>`, also with other brackets.
FORGED_MARK = re.compile(r"[<＜‹〈](?=[\W_]{0,9}자[\W_]{0,3}료)")
PLACES = {"page": "{}쪽", "slide": "{}번 슬라이드", "sheet": "{} 시트", "section": "{}"}
MISSING = {
    "reading": "아직 읽는 중이어서 자료에 없는 문서",
    "failed": "읽을 수 없어서 자료에 없는 문서",
}


@dataclass(frozen=True)
class DocumentText:
    """A document and its parts, of which a document that is not ready has none."""

    document: Document
    parts: Sequence[Part] = ()

    @property
    def status(self) -> str:
        """Return `ready`, `reading` or `failed`; a ready document without text has failed."""
        if self.document.status == "ready" and not self.parts:
            return "failed"
        return self.document.status


@dataclass(frozen=True)
class Passage:
    """The passage number `n` of a prompt: a part of a document, or a note on several parts.

    A note's `part` is the first of its parts, and its `digest` names its object.
    """

    n: int
    document: Document
    part: int
    content: Part
    note: str = ""
    digest: str = ""

    @property
    def reference(self) -> str:
        return "/".join(
            filter(None, (str(self.n), self.document.document_id, str(self.part), self.digest))
        )

    @property
    def place(self) -> str:
        """Return the document's name and the place in it, such as `규정.hwp 3쪽`."""
        name = label(self.content.name)
        where = PLACES[self.content.unit].format(name) if name else ""
        return f"{label(self.document.name)} {where}".strip()

    @cached_property
    def text(self) -> str:
        """Return the passage as it stands in a prompt."""
        text = neutralise_marks(self.note or self.content.text).strip()
        return f"<자료 {self.n}: {self.place}>\n{text}\n</자료 {self.n}>"

    @cached_property
    def tokens(self) -> int:
        return estimate(self.text)

    @property
    def source(self) -> Source:
        return Source(
            self.n,
            self.document.document_id,
            self.document.name[:NAME_CHARACTERS],
            self.content.unit,
            self.content.name[:NAME_CHARACTERS],
            self.part,
            self.content.text[:SOURCE_CHARACTERS],
        )


@dataclass(frozen=True)
class Material:
    """The documents in a prompt: passages, best first, and the documents that are missing."""

    passages: tuple[Passage, ...] = ()
    missing: tuple[tuple[Document, str], ...] = ()  # with their status: reading or failed

    @property
    def references(self) -> tuple[str, ...]:
        absent = (f"{document.document_id}/{status}" for document, status in self.missing)
        return (*(passage.reference for passage in self.passages), *absent)

    @property
    def tokens(self) -> int:
        return sum(passage.tokens for passage in self.passages)

    @property
    def notice(self) -> str:
        """Return the sentence that names the missing documents."""
        return "\n".join(
            f"({MISSING[status]}: {label(document.name)})" for document, status in self.missing
        )

    def sources(self, answer: str, earlier: Sequence[Source] = ()) -> tuple[Source, ...]:
        """Return the passages that the answer's marks cite, by number; at most MAX_SOURCES.

        The sources of `earlier` runs stay when their documents are deleted.
        """
        numbered = {source.n: source for source in earlier}
        numbered |= {passage.n: passage.source for passage in self.passages}
        cited = dict.fromkeys(int(mark[1]) for mark in MARK.finditer(answer))
        known = [number for number in cited if number in numbered]
        return tuple(numbered[number] for number in sorted(known[:MAX_SOURCES]))


NOTHING = Material()


def choose(texts: Sequence[DocumentText], question: str, previous: str, room: int) -> Material:
    """Return the material for a question: all parts if they fit into `room` tokens.

    Otherwise, it is the best SEARCHED of them. They are numbered by position.
    """
    parts = [Passage(at, *each) for at, each in enumerate(numbered_parts(texts), start=1)]
    ranks = retrieval.rank(question, previous, [passage.content.text for passage in parts])
    if fits(parts, room):
        return Material(tuple(parts[at] for at in ranks), missing(texts))
    numbers = {at: n for n, at in enumerate(sorted(ranks[:SEARCHED]), start=1)}
    best = (replace(parts[at], n=numbers[at]) for at in ranks[:SEARCHED])
    return Material(tuple(best), missing(texts))


def fits(passages: Sequence[Passage], room: int) -> bool:
    """Return whether the passages are few, and have at most `room` tokens."""
    return len(passages) <= MAX_PASSAGES and all(
        tokens <= room for tokens in accumulate(passage.tokens for passage in passages)
    )


def numbered_parts(texts: Sequence[DocumentText]) -> Iterator[tuple[Document, int, Part]]:
    for text in texts:
        for at, part in enumerate(text.parts):
            yield text.document, at, part


def missing(texts: Sequence[DocumentText]) -> tuple[tuple[Document, str], ...]:
    return tuple((text.document, text.status) for text in texts if text.status in MISSING)


def restore(
    references: Sequence[str], texts: Sequence[DocumentText], notes: Mapping[str, str]
) -> Material:
    """Return the material that a turn has stored, without documents that were deleted since.

    `notes` has the texts of notes by digest.
    """
    by_id = {text.document.document_id: text for text in texts}
    passages, absent = [], []
    for reference in references:
        first, second, *rest = reference.split("/")
        if not rest:
            if text := by_id.get(first):
                absent.append((text.document, second))
            continue
        text, part, digest = by_id.get(second), int(rest[0]), "".join(rest[1:])
        if text and part < len(text.parts) and (not digest or digest in notes):
            note = notes.get(digest, "")
            passage = Passage(int(first), text.document, part, text.parts[part], note, digest)
            passages.append(passage)
    return Material(tuple(passages), tuple(absent))


def note_digests(references: Sequence[str]) -> list[tuple[str, str]]:
    """Return document and digest of each note among the references."""
    split = (reference.split("/") for reference in references)
    return [(each[1], each[3]) for each in split if len(each) > 3]


def remove_marks(answer: str, sources: Sequence[Source]) -> str:
    """Return an earlier answer without its citations, whose numbers belong to another prompt."""
    cited = {source.n for source in sources}
    return MARK.sub(lambda mark: "" if int(mark[1]) in cited else mark[0], answer)


def neutralise_marks(text: str) -> str:
    """Keep a document's text from closing its passage, or opening another one."""
    return FORGED_MARK.sub("〔", unicodedata.normalize("NFC", text))


def label(name: str) -> str:
    """Return a name for a passage's mark: one line without brackets."""
    line = " ".join(unicodedata.normalize("NFC", name).split())[:NAME_CHARACTERS]
    return re.sub(r"[<>＜＞]", " ", line).strip()

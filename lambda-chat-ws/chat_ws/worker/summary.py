"""The summary of documents: notes on groups of parts, several at once, then the answer from them.

A note is stored under the hash of all that it is made of, as soon as it comes: a later run, or a
further question for a summary, calls the model only for the notes that are missing.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from chat_ws.errors import ModelRetired, ModelUnavailable, NoDocuments
from chat_ws.worker import passages
from chat_ws.worker import prompt as prompts
from chat_ws.worker.generation import Generation, PromptInput
from chat_ws.worker.library import Library
from chat_ws.worker.passages import DocumentText, Material, Passage
from chat_ws.worker.relay import Relay
from chat_ws.worker.threads import Threads

# Tokens of a group of parts, by the smallest context of a model that may be asked for its note.
GROUPS = ((32_000, 24_000), (0, 5_600))
NOTE_TOKENS = 512
LANES = 4  # notes that are asked for at once


@dataclass
class Summary:
    """The notes of one run. `done` counts those that are stored, `total` those that are planned."""

    generation: Generation
    library: Library
    relay: Relay
    threads: Threads
    room: Callable[[int], int]  # of a prompt of a model with such a context, for its material
    done: int = field(default=0, init=False)
    total: int = field(default=0, init=False)

    def prepare(self, texts: Sequence[DocumentText]) -> Material:
        """Return the parts if they fit one prompt, or else notes; raise a ChatError.

        If no model with a large context is available, the groups are made for the others.
        """
        parts = [Passage(n, *each) for n, each in enumerate(passages.numbered_parts(texts), 1)]
        if not parts:
            raise NoDocuments
        failure: ModelUnavailable | ModelRetired = ModelUnavailable()
        for context, tokens in GROUPS:
            models = [
                model for model in self.generation.models if model.spec.context_tokens >= context
            ]
            if not models:
                continue
            largest = max(models, key=lambda model: model.spec.context_tokens)
            limit = min(tokens, self.room(self.generation.target_context))
            self.total = self.done
            try:
                chosen = self._condense(parts, tokens, limit, str(largest), context)
            except (ModelUnavailable, ModelRetired) as error:
                failure = error
            else:
                return Material(tuple(chosen), passages.missing(texts))
        raise failure

    def _condense(
        self, chosen: Sequence[Passage], tokens: int, limit: int, model: str, context: int
    ) -> Sequence[Passage]:
        """Replace passages by notes on groups of `tokens`, again until they fit into `limit`."""
        are_notes = False
        while not passages.fits(chosen, limit) and not self.generation.aborted.is_set():
            groups = group(chosen, tokens)
            if are_notes and len(groups) == len(chosen):
                break  # one note for each document
            self.total += sum(len(each) > 1 or not are_notes for each in groups)
            chosen = self._take_notes(groups, are_notes, model, context)
            are_notes = True
        return chosen

    def _take_notes(
        self, groups: Sequence[Sequence[Passage]], are_notes: bool, model: str, context: int
    ) -> list[Passage]:
        """Return a note for each group, LANES at once; a single note needs none."""
        notes: dict[int, Passage] = {}
        failures: list[Exception] = []
        waiting = iter(enumerate(groups))

        def take_in_turn() -> None:
            for at, passages_of_group in waiting:
                try:
                    if are_notes and len(passages_of_group) == 1:
                        note = passages_of_group[0]
                    else:
                        note = self._take_note(passages_of_group, model, context)
                except Exception as error:
                    failures.append(error)
                else:
                    notes[at] = note
                if failures or self.generation.aborted.is_set():
                    return

        self.relay.show_progress("noting", self.done, self.total)
        lanes = [self.threads.start_call(take_in_turn, "note") for _ in range(LANES)]
        for wait in lanes:
            wait()
        if failures:
            raise failures[0]
        return [replace(notes[at], n=n) for n, at in enumerate(sorted(notes), start=1)]

    def _take_note(self, of: Sequence[Passage], model: str, context: int) -> Passage:
        first = of[0]
        text = "\n\n".join(replace(each, n=n).text for n, each in enumerate(of, start=1))
        content = json.dumps([model, prompts.SYSTEM["note"], text])
        digest = hashlib.sha256(content.encode()).hexdigest()
        note = self.library.read_note(first.document, digest)
        if note is None:
            prompt_input = PromptInput("note", text, (), 1.0, min_context=context)
            note = self.generation.ask(prompt_input, NOTE_TOKENS)
            if self.generation.aborted.is_set():
                return first
            self.library.write_note(first.document, digest, note)
        self.done += 1
        self.relay.show_progress("noting", self.done, self.total)
        return replace(first, note=note, digest=digest)


def group(chosen: Sequence[Passage], tokens: int) -> list[list[Passage]]:
    """Divide passages into runs of one document, each of at most `tokens` or of one passage."""
    groups: list[list[Passage]] = []
    size = 0
    for passage in chosen:
        size += passage.tokens
        if not groups or size > tokens or passage.document != groups[-1][0].document:
            groups.append([])
            size = passage.tokens
        groups[-1].append(passage)
    return groups

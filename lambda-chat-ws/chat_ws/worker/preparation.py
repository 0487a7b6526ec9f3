"""The preparation of an answer: the documents of the conversation that its prompt contains."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from chat_shared.turn import Turn

from chat_ws.errors import NoDocuments
from chat_ws.models import prompt_room
from chat_ws.worker import passages
from chat_ws.worker.generation import Generation, PromptInput
from chat_ws.worker.library import Library
from chat_ws.worker.passages import NOTHING, DocumentText, Material
from chat_ws.worker.relay import Relay
from chat_ws.worker.summary import Summary
from chat_ws.worker.threads import Threads

READING_SECONDS = 20.0  # the longest wait for documents that are being read
POLL_SECONDS = 1.0


@dataclass
class Preparation:
    """The prompt's input of one run, which a generation asks for in its thread.

    An answer that has begun keeps its material. `texts` are the conversation's documents, and
    `document_tokens` limits those that a prompt contains as a whole.
    """

    turn: Turn
    window: Sequence[Turn]
    texts: Sequence[DocumentText]
    library: Library | None
    document_tokens: int
    relay: Relay
    threads: Threads
    material: Material = NOTHING
    summary: Summary | None = None

    def __post_init__(self) -> None:
        if self.turn.answer and self.library:
            references = self.turn.passages
            notes = self.library.read_notes(self.texts, references)
            self.material = passages.restore(references, self.texts, notes)

    def __call__(self, generation: Generation) -> PromptInput:
        """Return the input; raise NoDocuments for a summary without any."""
        if not self.turn.answer:
            if self.library and self.texts:
                self._await_reading(self.library, generation)
            found = NOTHING if generation.aborted.is_set() else self._find_material(generation)
            if not generation.aborted.is_set():
                self.material = found
        return PromptInput.of(self.turn, self.window, self.material)

    @property
    def notes(self) -> int:
        """Return the number of a summary's notes, which a later run need not ask for."""
        return self.summary.done if self.summary else 0

    def _find_material(self, generation: Generation) -> Material:
        if self.turn.mode == "summary":
            if not self.library:
                raise NoDocuments
            self.summary = Summary(
                generation, self.library, self.relay, self.threads, self._room(generation)
            )
            return self.summary.prepare(self.texts)
        return self._choose(generation) if self.texts else NOTHING

    def _await_reading(self, library: Library, generation: Generation) -> None:
        """Wait until no document is being read, for READING_SECONDS at most."""
        until = self.threads.clock() + READING_SECONDS
        while reading := [text for text in self.texts if text.status == "reading"]:
            total = len(self.texts)
            self.relay.show_progress("reading", total - len(reading), total)
            if generation.aborted.wait(POLL_SECONDS) or self.threads.clock() > until:
                return
            try:
                self.texts = library.load(
                    self.turn.user_id, self.turn.conversation_id, known=self.texts
                )
            except (ClientError, BotoCoreError):
                continue  # the next poll may succeed

    def _choose(self, generation: Generation) -> Material:
        room = min(self.document_tokens, self._room(generation)(generation.target_context))
        previous = self.window[-1].question if self.window else ""
        return passages.choose(self.texts, self.turn.question, previous, room)

    def _room(self, generation: Generation) -> Callable[[int], int]:
        """Return a function of a model's context: the tokens in its prompt for material."""
        bare = PromptInput.of(self.turn, self.window)

        def room(context: int) -> int:
            left = prompt_room(context, generation.max_gen_len) - bare.tokens
            return int(left / bare.calibration)

        return room

"""The preparation of an answer: the documents of the conversation that its prompt contains."""

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from chat_shared.turn import Turn

from chat_ws.worker import passages
from chat_ws.worker.generation import Generation, PromptInput, prompt_room
from chat_ws.worker.library import Library
from chat_ws.worker.passages import NOTHING, DocumentText, Material
from chat_ws.worker.relay import Relay
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

    def __post_init__(self) -> None:
        if self.turn.answer:
            self.material = passages.restore(self.turn.passages, self.texts, {})

    def __call__(self, generation: Generation) -> PromptInput:
        if self.library and self.texts and not self.turn.answer:
            self._await_reading(self.library, generation)
            self.material = self._choose(generation)
        return PromptInput.of(self.turn, self.window, self.material)

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
        bare = PromptInput.of(self.turn, self.window)
        largest = max(prompt_room(model, generation.max_gen_len) for model in generation.models)
        room = min(self.document_tokens, int((largest - bare.tokens) / bare.calibration))
        previous = self.window[-1].question if self.window else ""
        return passages.choose(self.texts, self.turn.question, previous, room)

"""A backend without a model: deterministic, paced, and with every kind of failure."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from seoyeon.local.bedrock import answers
from seoyeon.local.bedrock.errors import BedrockError, ConnectionCutError
from seoyeon.local.bedrock.invocation import Event, Finished, Invocation, Started, Text
from seoyeon.local.bedrock.script import CHUNK_SIZE, Failure, Record, Script


class Scripted:
    """The scripted model."""

    name = "scripted answers, no model"

    def __init__(self) -> None:
        self.script = Script()

    async def aclose(self) -> None:
        """Do nothing: there are no resources to free."""

    async def stream(self, invocation: Invocation) -> AsyncGenerator[Event, None]:
        if title := answers.compose_title(invocation.text):
            # A title follows an answer at any moment: it takes no planned reply, and no record.
            yield Started()
            yield Text(title, tokens(title))
            yield Finished("stop", tokens(invocation.text), tokens(title))
            return
        reply, record = self.script.take(invocation)
        with _recorded_end(record):
            dialogue = invocation.dialogue
            await asyncio.sleep(reply.wait_ms / 1000)
            if reply.failure and reply.failure.at is None:
                await _fail(reply.failure)
                return
            yield Started()
            whole = answers.compose(dialogue) if reply.answer is None else reply.answer
            rest = whole.removeprefix(dialogue.prefill)
            limit = invocation.max_gen_len * CHUNK_SIZE
            for number, text in enumerate(_cut(rest[:limit], reply.chunk_size)):
                if reply.failure and reply.failure.at == number:
                    break
                if reply.hold_at == number:
                    await self.script.released.wait()
                await asyncio.sleep(reply.delay_ms / 1000)
                record.generated += text
                yield Text(text, tokens(text))
            if reply.failure:
                await _fail(reply.failure)
                return
            record.state = "finished"
            stop_reason = "length" if len(rest) > limit else reply.stop_reason
            yield Finished(stop_reason, tokens(invocation.text), tokens(record.generated))


def tokens(text: str) -> int:
    """Count two characters as one token, so that tests can predict the count."""
    return -(-len(text) // CHUNK_SIZE)


@contextmanager
def _recorded_end(record: Record) -> Iterator[None]:
    try:
        yield
    except (GeneratorExit, asyncio.CancelledError):
        if record.state == "running":
            record.state = "closed_by_client"
        raise
    finally:
        if record.state == "running":
            record.state = "failed"


def _cut(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


async def _fail(failure: Failure) -> None:
    """Fail; return only if the stream has to end without a stop reason."""
    match failure.kind:
        case "error":
            raise BedrockError(failure.code, failure.message)
        case "reset":
            raise ConnectionCutError
        case "hang":
            await asyncio.Event().wait()
        case "end":
            return

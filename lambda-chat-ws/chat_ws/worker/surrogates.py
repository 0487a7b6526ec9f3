"""The repair of UTF-16 surrogates, which UTF-8 and DynamoDB refuse. Pure.

A model's JSON escapes an emoji as two surrogates, and a chunk may end between them.
"""

from collections.abc import Iterable, Iterator


def join_surrogates(chunks: Iterable[str]) -> Iterator[str]:
    """Yield the chunks with surrogate pairs joined, and U+FFFD for each lone surrogate.

    A high surrogate at the end of a chunk waits for the next one. If `chunks` raises, it is lost.
    """
    held = ""
    for chunk in chunks:
        text = held + chunk
        held = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        if complete := _repair(text.removesuffix(held)):
            yield complete
    if held:
        yield _repair(held)


def _repair(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

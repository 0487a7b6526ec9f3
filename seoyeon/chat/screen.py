"""Output of a chat: answers on standard output, everything else on standard error."""

import sys
import unicodedata
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from seoyeon.client import Done, Event, Failed, Interrupted, Progress, Text

_PROGRESS = {"reading": "Reading documents", "noting": "Taking notes for the summary"}


class Screen:
    """Writes an answer to a terminal as it grows, and to a pipe or a file once it is complete.

    Notes go to a terminal only.
    """

    def __init__(self) -> None:
        self._notes = Console(stderr=True, highlight=False, soft_wrap=True)
        self._streams = sys.stdout.isatty()

    def show(self, event: Event) -> None:
        match event:
            case Text(text, delta) if self._streams:
                self._write(text, delta)
            case Progress(stage, done, total):
                self.note(f"{_PROGRESS.get(stage, 'Preparing')}: {done} of {total}")
            case Interrupted():
                self.note("\nThe connection is lost. Connecting again ...")
            case Done() | Failed():
                self._end(event)

    def note(self, text: str) -> None:
        """Print a line beside the chat, at a terminal."""
        if self._notes.is_terminal:
            self.error(text, style="dim")

    def error(self, text: str, style: str | None = None) -> None:
        self._notes.print(printable(text), markup=False, style=style)

    def show_turn(self, turn: Mapping[str, Any]) -> None:
        """Print a turn of the history."""
        self.line(f"> {turn['text']}")
        self.line(f"{turn['answer']}\n")

    def line(self, text: str) -> None:
        print(printable(text), flush=True)

    def _write(self, text: str, delta: str | None) -> None:
        if delta is None:  # a later run has begun with another text
            self.note("\nThe answer begins anew:")
        sys.stdout.write(printable(text if delta is None else delta))
        sys.stdout.flush()

    def _end(self, event: Done | Failed) -> None:
        if event.text:
            self.line("" if self._streams else event.text)
        if isinstance(event, Failed):
            self.error(f"{event.message} ({event.code})", style="red")
            return
        for source in event.sources:
            self.note(f"[{source['n']}] {source['name']}, {source['unit']} {source['unit_name']}")
        tokens = event.usage["completion_tokens"]
        details = [event.model_id or "no model", f"{tokens} tokens"]
        if event.stop_reason != "stop":
            details.append(f"ended by: {event.stop_reason}")
        self.note(", ".join(details))


def printable(text: str) -> str:
    """Return the text without control characters, by which it could control the terminal."""
    return "".join(each for each in text if each in "\n\t" or unicodedata.category(each) != "Cc")

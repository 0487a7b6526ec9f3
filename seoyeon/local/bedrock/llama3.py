"""Parser of the Llama 3 prompt format.

https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from seoyeon.local.bedrock.errors import BedrockError

Role: TypeAlias = Literal["system", "user", "assistant"]

BEGIN = "<|begin_of_text|>"
END_OF_TURN = "<|eot_id|>"
_SPECIAL = re.compile(r"<\|[^|<>\s]+\|>")
_TURN = re.compile(
    r"<\|start_header_id\|>(?P<role>[a-z]+)<\|end_header_id\|>\n\n"
    r"(?P<content>.*?)(?P<end><\|eot_id\|>|\Z)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True)
class Dialogue:
    """The messages of a prompt; `prefill` is the beginning of the answer to continue."""

    messages: tuple[Message, ...]
    prefill: str

    @property
    def questions(self) -> list[str]:
        return [message.content for message in self.messages if message.role == "user"]


def parse(prompt: str) -> Dialogue:
    """Parse a prompt that ends with the beginning of an assistant's turn.

    Raises ValidationException for any deviation from the format. Bedrock accepts any text and
    answers worse after a deviation, which is harder to notice.
    """
    if not prompt.startswith(BEGIN):
        raise _refusal(0, f"{BEGIN} expected")
    turns: list[Message] = []
    at = len(BEGIN)
    while turn := _TURN.match(prompt, at):
        message = Message(_role(turn["role"], at), turn["content"])
        if special := _SPECIAL.search(message.content):
            raise _refusal(turn.start("content") + special.start(), f"{special[0]} inside a turn")
        if message.role == "system" and turns:
            raise _refusal(at, "a system turn after the first turn")
        if not turn["end"]:
            return _finish(turns, message, at)
        turns.append(message)
        at = turn.end()
    raise _refusal(at, "a header, then two newlines, expected")


def _finish(turns: list[Message], last: Message, at: int) -> Dialogue:
    if last.role != "assistant":
        raise _refusal(at, f"the last turn is not the assistant's and lacks {END_OF_TURN}")
    if not turns or turns[-1].role != "user":
        raise _refusal(at, "no user's turn before the answer")
    return Dialogue(tuple(turns), last.content)


def _role(text: str, at: int) -> Role:
    for role in get_args(Role):
        if text == role:
            return role  # type: ignore[no-any-return]  # get_args is untyped
    raise _refusal(at, f"no role is called {text!r}")


def _refusal(at: int, why: str) -> BedrockError:
    return BedrockError("ValidationException", f"Not a Llama 3 prompt at character {at}: {why}.")

"""What a check has to say."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is, in the words that are printed."""

    OK = "ok"
    WARNING = "warning"
    NO_CHAT = "stops a first chat"
    NO_DEPLOY = "stops a deploy"


@dataclass(frozen=True)
class Finding:
    """`sentence` says what is so; `command` mends it, where one can."""

    level: Level
    subject: str
    sentence: str
    command: str | None = None

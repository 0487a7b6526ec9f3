"""Results of checks."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """The severity of a finding, as it is printed."""

    OK = "ok"
    ADVICE = "advice"
    WARNING = "warning"
    NO_CHAT = "stops a first chat"
    NO_DEPLOY = "stops a deploy"


@dataclass(frozen=True)
class Finding:
    """The result of one check; `command` solves the problem or shows more about it."""

    level: Level
    subject: str
    sentence: str
    command: str | None = None

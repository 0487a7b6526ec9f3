"""An answer as the rules see it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Answer:
    """The answer to the last question of an item.

    `asked_at` is in Korea's time. `sources` maps the number of a mark, such as [2], to the part of
    the document behind it.
    """

    text: str
    question: str
    asked_at: datetime
    sources: Mapping[int, int] = field(default_factory=dict)

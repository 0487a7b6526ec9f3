"""Ids of Bedrock models, and the order in which to try the configured ones. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from chat_ws.model_catalog import CATALOG, PROFILE_REGIONS, PROVIDERS, UNKNOWN, ModelSpec

COOL_DOWN_SECONDS = 300.0

_ID = re.compile(
    rf"((?P<profile>[a-z-]+)\.)?"
    rf"(?P<model>({'|'.join(PROVIDERS)})\.[a-z0-9][a-z0-9.-]*(:\d+)?(:\w+)?)"
)


class UnknownModelError(ValueError):
    """The id is not one of Bedrock's; the message says which ids are."""


@dataclass(frozen=True)
class ModelId:
    """The id of a foundation model, or of an inference profile that AWS defines for one.

    `us.meta.llama3-3-70b-instruct-v1:0` has the profile `us`; without a profile it is empty.
    """

    text: str
    foundation_model: str
    profile: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an id; raise UnknownModelError for an ARN or an unknown provider or profile.

        The ARN of an application inference profile does not name its model, so neither IAM policy
        nor prompt format could be derived from it.
        """
        if text.startswith("arn:"):
            raise UnknownModelError(
                "use the id of a model or of a profile such as "
                "us.meta.llama3-3-70b-instruct-v1:0, not an ARN"
            )
        match = _ID.fullmatch(text)
        if not match:
            raise UnknownModelError(
                "use Bedrock model ids such as meta.llama3-70b-instruct-v1:0, separated by commas"
            )
        profile = match["profile"] or ""
        if profile and profile not in PROFILE_REGIONS:
            raise UnknownModelError(f"use an inference profile of {' or '.join(PROFILE_REGIONS)}")
        return cls(text, match["model"], profile)

    def __str__(self) -> str:
        return self.text

    @property
    def provider(self) -> str:
        return self.foundation_model.partition(".")[0]

    @property
    def name(self) -> str:
        """Return the model's name for people; one without a row has its id, without provider."""
        return self.spec.name or self.foundation_model.partition(".")[2]

    @property
    def spec(self) -> ModelSpec:
        matching = (row for row in CATALOG if self.foundation_model.startswith(row.id_prefix))
        return next(matching, UNKNOWN)

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the profile routes to, `("",)` for all; empty without one."""
        return PROFILE_REGIONS[self.profile] if self.profile else ()

    def callable_from(self, region: str) -> bool:
        """Return whether the id alone allows a call from `region`; `make doctor` asks Bedrock."""
        return not self.regions or "" in self.regions or region in self.regions

    def regions_called_from(self, region: str) -> tuple[str, ...]:
        """Return where a call from `region` may reach the foundation model.

        "" stands for an ARN without a region.
        """
        # The call of a global profile is also checked in the region that it comes from.
        own = (region,) if not self.regions or "" in self.regions else ()
        return (*own, *self.regions)


class ModelFallback:
    """The models in order of preference; an unavailable one is tried last for five minutes.

    One object serves all invocations of an execution environment. Times are seconds of a steady
    clock.
    """

    def __init__(self, models: Sequence[ModelId]) -> None:
        self.models = tuple(models)
        self._available_at: dict[ModelId, float] = {}

    def find(self, text: str | None) -> ModelId | None:
        """Return the model with this id; None if there is none."""
        return next((model for model in self.models if model.text == text), None)

    def candidates(
        self, now: float, rank: Callable[[ModelId], float] = lambda _: 0
    ) -> list[ModelId]:
        """Return the models in the order in which to call them; those of a lower `rank` first."""
        return sorted(
            self.models,
            key=lambda model: (self._available_at.get(model, 0) > now, rank(model)),
        )

    def cool_down(self, model: ModelId, now: float) -> None:
        self._available_at[model] = now + COOL_DOWN_SECONDS


def prompt_room(context: int, max_gen_len: int) -> int:
    """Return the tokens of a prompt that leaves room for an answer, and for its continuation."""
    return context - 2 * max_gen_len

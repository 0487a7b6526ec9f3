"""The facts about Bedrock's models, as models.json has them. Pure."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chat_shared.turn import Usage

PromptFormat = Literal["llama3", "messages"]
PriceClass = Literal["low", "medium", "high"]

# Dollars of TYPICAL_USAGE below which a price is low or medium.
LOW_COST, MEDIUM_COST = 0.0012, 0.003
TYPICAL_USAGE = Usage(1_000, 300)  # of a question in the middle of a conversation


@dataclass(frozen=True)
class TokenPrice:
    """US dollars per 1,000 tokens."""

    prompt: float
    answer: float

    def cost(self, usage: Usage) -> float:
        """Return the price of `usage` in US dollars."""
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.answer) / 1_000

    @property
    def price_class(self) -> PriceClass:
        typical = self.cost(TYPICAL_USAGE)
        if typical < LOW_COST:
            return "low"
        return "medium" if typical < MEDIUM_COST else "high"


@dataclass(frozen=True)
class ModelSpec:
    """A model, or a family of models whose ids begin with `id_prefix`.

    `context_tokens` counts prompt and answer together. A family has no name and no price.
    """

    id_prefix: str
    context_tokens: int
    name: str = ""
    max_output_tokens: int | None = None  # None: unknown
    price: TokenPrice | None = None  # None: unknown
    prompt_format: PromptFormat = "messages"
    inputs: tuple[str, ...] = ("text",)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "ModelSpec":
        price, inputs = row.get("price"), row.get("inputs", cls.inputs)
        return cls(**row | {"price": price and TokenPrice(**price), "inputs": tuple(inputs)})


_FACTS = json.loads(Path(__file__).with_name("models.json").read_text(encoding="utf-8"))
# The first row whose prefix matches counts: models before their families.
CATALOG = tuple(map(ModelSpec.from_row, _FACTS["models"]))
# A model without a row is taken for one with a small context.
UNKNOWN = ModelSpec("", 8_192)
# Regions that an inference profile may route a call to, by the prefix of its id. IAM must allow the
# foundation model in each of them; `make doctor` compares this with the profile itself. The ARNs of
# the models of `global` name no region, and any region can call it.
PROFILE_REGIONS = {name: tuple(regions) for name, regions in _FACTS["profiles"].items()}
# Providers of chat models. Other first parts of an id are not Bedrock's.
PROVIDERS = tuple(_FACTS["providers"])

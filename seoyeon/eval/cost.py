"""Estimated cost of a run, before it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from chat_shared.turn import Usage
from chat_ws.model_catalog import TokenPrice
from chat_ws.models import ModelId, UnknownModelError
from chat_ws.worker.prompt import DOCUMENTS, estimate, system_prompt

from seoyeon.client.page import Page
from seoyeon.eval.items import Item

ANSWER_TOKENS = 150  # of an answer: the items ask for short ones
# The name of the model of `LLM=aws make run`; a laptop's other models cost nothing.
_PAID = "Amazon Bedrock"


@dataclass(frozen=True)
class Estimate:
    """Tokens, and US dollars: None if the price is not known, 0 for a model on a laptop."""

    usage: Usage
    dollars: float | None


def estimate_cost(items: Iterable[Item], page: Page, model: str | None) -> Estimate:
    """Estimate the cost of asking the items; `model` is the chosen one, None for the first."""
    usage = sum(map(_usage, items), Usage())
    if page.model and not page.model.startswith(_PAID):
        return Estimate(usage, 0.0)
    price = _price(model or next((str(each["id"]) for each in page.models), ""))
    return Estimate(usage, price.cost(usage) if price else None)


def _price(model: str) -> TokenPrice | None:
    try:
        return ModelId.parse(model).spec.price
    except UnknownModelError:
        return None


def _usage(item: Item) -> Usage:
    """Return the tokens of an item's turns: each prompt has the turns before it."""
    system = system_prompt(item.mode, item.target_language)
    before = estimate(system)
    if item.document:
        before += estimate(DOCUMENTS) + estimate(item.document.read_text(encoding="utf-8"))
    prompts = 0
    for question in item.turns:
        before += estimate(question)
        prompts += before
        before += ANSWER_TOKENS
    return Usage(prompts, ANSWER_TOKENS * len(item.turns))

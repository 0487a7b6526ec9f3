"""The consumption of one run, as the counters that an operator reads. Pure.

| counter           | unit                                                  |
|-------------------|-------------------------------------------------------|
| answers           | completed answers                                     |
| prompt_tokens     | tokens                                                |
| completion_tokens | tokens                                                |
| microdollars      | US dollars / 1,000,000, at the list price of this day |
| unpriced_tokens   | tokens of models without a price                      |

A counter of one model has its id after a `#`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from chat_shared.turn import Usage

from chat_ws.models import ModelId


@dataclass(frozen=True)
class Consumption:
    """Billed tokens by model, and the model that has completed an answer, if one has."""

    billed: Mapping[ModelId, Usage] = field(default_factory=dict)
    answered_by: ModelId | None = None

    @property
    def tokens(self) -> int:
        return sum(usage.total for usage in self.billed.values())

    @property
    def unpriced(self) -> set[ModelId]:
        """Return the models without a price."""
        return {model for model in self.billed if not model.spec.price}

    @property
    def dollars(self) -> float | None:
        """Return the price in US dollars; None if no model has one."""
        prices = ((model.spec.price, usage) for model, usage in self.billed.items())
        costs = [price.cost(usage) for price, usage in prices if price]
        return sum(costs) if costs else None

    def counters(self) -> Counter[str]:
        """Return the sums over all models."""
        total: Counter[str] = Counter()
        for model in self.billed:
            total.update(self._counters_of(model))
        return total

    def counters_by_model(self) -> Counter[str]:
        return Counter(
            {
                f"{name}#{model}": number
                for model in self.billed
                for name, number in self._counters_of(model).items()
            }
        )

    def _counters_of(self, model: ModelId) -> dict[str, int]:
        usage, price = self.billed[model], model.spec.price
        counters = {
            "answers": int(model == self.answered_by),
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "microdollars": round(price.cost(usage) * 1_000_000) if price else 0,
            "unpriced_tokens": 0 if price else usage.total,
        }
        return {name: number for name, number in counters.items() if number}

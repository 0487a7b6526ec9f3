"""What models cost on demand, in US dollars for 1,000 tokens. Pure.

List prices of us-west-2, from https://aws.amazon.com/bedrock/pricing/ as of 2025, written down
without access to that page: check them there before a budget rests on them (docs/cost.md).
"""

from dataclasses import dataclass

from chat_shared.turn import Usage

PER = 1_000  # tokens


@dataclass(frozen=True)
class TokenPrice:
    prompt: float
    answer: float

    def of(self, usage: Usage) -> float:
        """Dollars."""
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.answer) / PER


PRICES = {
    "meta.llama3-8b-instruct-v1:0": TokenPrice(0.0003, 0.0006),
    "meta.llama3-70b-instruct-v1:0": TokenPrice(0.00265, 0.0035),
    "meta.llama3-1-8b-instruct-v1:0": TokenPrice(0.00022, 0.00022),
    "meta.llama3-1-70b-instruct-v1:0": TokenPrice(0.00072, 0.00072),
    "meta.llama3-3-70b-instruct-v1:0": TokenPrice(0.00072, 0.00072),
    "amazon.nova-lite-v1:0": TokenPrice(0.00006, 0.00024),
    "amazon.nova-pro-v1:0": TokenPrice(0.0008, 0.0032),
}


def price_of(model_id: str) -> TokenPrice | None:
    """Of a model or an inference profile, by id or ARN; None where it is not in the table."""
    name = model_id.rsplit("/", 1)[-1]
    _, _, unprefixed = name.partition(".")  # us.meta.llama3-3-… is meta.llama3-3-…, elsewhere
    return PRICES.get(name) or PRICES.get(unprefixed)

"""The facts about Bedrock's models: the one table to edit when a model or a profile changes. Pure.

Contexts and output limits are from the providers' model cards. Prices are the on-demand list
prices of us-west-2, from https://aws.amazon.com/bedrock/pricing/ as of 2025, written down without
access to that page: check them there before a budget depends on them.
"""

from dataclasses import dataclass
from typing import Literal

from chat_shared.turn import Usage

PromptFormat = Literal["llama3", "messages"]
Modality = Literal["text", "image"]


@dataclass(frozen=True)
class TokenPrice:
    """US dollars per 1,000 tokens."""

    prompt: float
    answer: float

    def cost(self, usage: Usage) -> float:
        """Return the price of `usage` in US dollars."""
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.answer) / 1_000


@dataclass(frozen=True)
class ModelSpec:
    """A model, or a family of models whose ids begin with `id_prefix`.

    `context_tokens` counts prompt and answer together. `llama3` is Meta's prompt format, sent by
    InvokeModel; `messages` is the Converse API.
    """

    id_prefix: str
    context_tokens: int
    max_output_tokens: int | None = None  # None: not in this table
    price: TokenPrice | None = None  # None: not in this table
    prompt_format: PromptFormat = "messages"
    inputs: tuple[Modality, ...] = ("text",)


LLAMA3_OUTPUT = 2_048


def _llama3(id_prefix: str, context: int, price: TokenPrice | None = None) -> ModelSpec:
    return ModelSpec(id_prefix, context, LLAMA3_OUTPUT, price, "llama3")


SEES: tuple[Modality, ...] = ("text", "image")
# The first row whose prefix matches counts: models before their families.
CATALOG = (
    _llama3("meta.llama3-8b-instruct", 8_192, TokenPrice(0.0003, 0.0006)),
    _llama3("meta.llama3-70b-instruct", 8_192, TokenPrice(0.00265, 0.0035)),
    _llama3("meta.llama3-1-8b-instruct", 128_000, TokenPrice(0.00022, 0.00022)),
    _llama3("meta.llama3-1-70b-instruct", 128_000, TokenPrice(0.00072, 0.00072)),
    _llama3("meta.llama3-3-70b-instruct", 128_000, TokenPrice(0.00072, 0.00072)),
    _llama3("meta.llama3", 128_000),
    ModelSpec("meta.llama", 128_000),
    ModelSpec("amazon.nova-micro", 128_000),
    ModelSpec("amazon.nova-lite", 300_000, price=TokenPrice(0.00006, 0.00024), inputs=SEES),
    ModelSpec("amazon.nova-pro", 300_000, price=TokenPrice(0.0008, 0.0032), inputs=SEES),
    ModelSpec("amazon.nova", 300_000),
    ModelSpec("anthropic.claude", 200_000),
    ModelSpec("mistral.mistral-large", 128_000),
)
# A model without a row is taken for one with a small context.
UNKNOWN = ModelSpec("", 8_192)

# Regions that an inference profile may route a call to, by the prefix of its id: Bedrock's user
# guide, "Supported Regions and models for inference profiles". IAM must allow the foundation model
# in each of them. `make doctor` compares this with the profile itself.
PROFILE_REGIONS = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
    "ca": ("ca-central-1", "ca-west-1"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "apac": (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-4",
    ),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    # The ARNs of its models name no region, and any region can call it.
    "global": ("",),
}
# Providers of chat models. Other first parts of an id are not Bedrock's.
PROVIDERS = (
    *("ai21", "amazon", "anthropic", "cohere", "deepseek", "google", "meta", "minimax", "mistral"),
    *("moonshot", "moonshotai", "nvidia", "openai", "qwen", "writer", "zai"),
)

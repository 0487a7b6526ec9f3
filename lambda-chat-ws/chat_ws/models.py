"""Which model to ask: what each can read, and which of the list to pass over for a while. Pure."""

from collections.abc import Sequence

# Tokens that a model reads and writes together, from the providers' model cards; the first name
# that is part of the id counts. What is not known here is taken for a small one.
CONTEXTS = {
    "llama3-70b": 8_192,
    "llama3-8b": 8_192,
    "meta.llama": 128_000,
    "amazon.nova-micro": 128_000,
    "amazon.nova": 300_000,
    "anthropic.claude": 200_000,
    "mistral.mistral-large": 128_000,
}
SMALL_CONTEXT = 8_192
PROFILES = {"us", "us-gov", "eu", "apac", "global", "au", "ca", "jp", "sa"}  # of several regions

SET_ASIDE_SECONDS = 300.0


def context_tokens(model_id: str) -> int:
    return next((size for name, size in CONTEXTS.items() if name in model_id), SMALL_CONTEXT)


def speaks_llama3(model_id: str) -> bool:
    """Whether it is asked by Meta's format, and not by messages. An application inference profile
    does not tell what is behind it: the settings allow them for Llama 3 alone."""
    return "meta.llama3" in model_id or ":application-inference-profile/" in model_id


def provider(model_id: str) -> str:
    """`anthropic` of `us.anthropic.claude-…`, be it an id, a profile or an ARN of either."""
    first, _, rest = model_id.rsplit("/", 1)[-1].partition(".")
    return rest.partition(".")[0] if first in PROFILES else first


class Roster:
    """The models in order of preference; one found unavailable is asked last for five minutes.

    It is kept between invocations, so that not every turn runs into the same wall. Times are
    seconds of any steady clock.
    """

    def __init__(self, model_ids: Sequence[str]) -> None:
        self._model_ids = tuple(model_ids)
        self._back_at: dict[str, float] = {}

    def order(self, now: float) -> list[str]:
        return sorted(self._model_ids, key=lambda model_id: self._back_at.get(model_id, 0) > now)

    def set_aside(self, model_id: str, now: float) -> None:
        self._back_at[model_id] = now + SET_ASIDE_SECONDS

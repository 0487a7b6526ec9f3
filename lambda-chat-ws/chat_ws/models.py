"""Which model to ask: what each can read, and which of the list to pass over for a while. Pure."""

from collections.abc import Sequence

# Tokens that a model reads and writes together, from Meta's model cards.
LLAMA3_CONTEXT = 8_192
LLAMA31_CONTEXT = 128_000

SET_ASIDE_SECONDS = 300.0


def context_tokens(model_id: str) -> int:
    first_generation = any(name in model_id for name in ("llama3-70b", "llama3-8b"))
    return LLAMA3_CONTEXT if first_generation else LLAMA31_CONTEXT


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

"""How a run has gone, for whoever operates the chat: one line of log, and figures."""

from aws_lambda_powertools import Logger
from chat_shared.metrics import Metrics
from chat_shared.turn import Turn

from chat_ws.errors import ChatError
from chat_ws.prices import price_of
from chat_ws.worker.generation import Generation


class Report:
    def __init__(self, log: Logger, metrics: Metrics) -> None:
        self.log = log
        self._metrics = metrics
        self._unpriced: set[str] = set()

    def ended(self, turn: Turn, made: Generation, *, continued: bool) -> None:
        """`turn` as it was stored; `continued`: it had been at an end before."""
        self.log.info(
            "run ended",
            status=turn.status,
            code=turn.code,
            cause=cause(made.error),
            stop_reason=turn.stop_reason,
            model_id=turn.model_id,
            frames=turn.seq,
            first_token_ms=made.first_token_ms,
            usage=turn.usage.as_dict(),
        )
        self._metrics.put(
            {
                "FirstToken": made.first_token_ms,
                "TokensPerSecond": made.tokens_per_second,
                "Frames": turn.seq,
                "Retries": made.retries,
                "Answers": int(turn.status == "done"),
                "Stops": int(turn.stop_reason == "cancelled"),
                "Continues": int(continued),
                "EstimatedCost": self._cost(made),
            }
        )
        if turn.code:
            self._metrics.put({"Failures": 1}, code=turn.code)
        self._tokens(made)

    def lost(self, made: Generation) -> None:
        """Another run has the turn; what this one has used was used all the same."""
        self.log.info("run lost")
        self._metrics.put({"EstimatedCost": self._cost(made)})
        self._tokens(made)

    def _tokens(self, made: Generation) -> None:
        if made.model_id and made.usage.total:
            used = made.usage
            self._metrics.put(
                {"PromptTokens": used.prompt_tokens, "CompletionTokens": used.completion_tokens},
                model=made.model_id,
            )

    def _cost(self, made: Generation) -> float | None:
        if not made.model_id or not made.usage.total:
            return None
        if price := price_of(made.model_id):
            return price.of(made.usage)
        if made.model_id not in self._unpriced:
            self._unpriced.add(made.model_id)
            self.log.warning("model has no price", model_id=made.model_id)
        return None


def cause(error: ChatError | None) -> str | None:
    """The kind of what was behind an error; never its text, which may quote a prompt."""
    return type(error.__cause__).__name__ if error and error.__cause__ else None

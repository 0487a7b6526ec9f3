"""The telemetry of a run: one log line and its metrics."""

from aws_lambda_powertools import Logger
from chat_shared.metrics import Metrics
from chat_shared.turn import Turn

from chat_ws.consumption import Consumption
from chat_ws.errors import ChatError
from chat_ws.models import ModelId
from chat_ws.worker.generation import Generation


class Telemetry:
    def __init__(self, log: Logger, metrics: Metrics) -> None:
        self.log = log
        self._metrics = metrics
        self._unpriced: set[ModelId] = set()

    def run_ended(self, turn: Turn, generation: Generation, *, continued: bool) -> None:
        """Report a run whose outcome is stored in `turn`.

        `continued` tells that an earlier run had ended the turn.
        """
        self.log.info(
            "run ended",
            status=turn.status,
            code=turn.code,
            cause=cause(generation.error),
            stop_reason=turn.stop_reason,
            model_id=turn.model_id,
            frames=turn.seq,
            first_token_ms=generation.first_token_ms,
            usage=turn.usage.as_dict(),
        )
        self._metrics.put(
            {
                "FirstToken": generation.first_token_ms,
                "TokensPerSecond": generation.tokens_per_second,
                "Frames": turn.seq,
                "Retries": generation.retries,
                "Answers": int(turn.status == "done"),
                "Stops": int(turn.stop_reason == "cancelled"),
                "Continues": int(continued),
                "EstimatedCost": self._cost(generation),
            }
        )
        if turn.code:
            self._metrics.put({"Failures": 1}, code=turn.code)
        self._put_tokens(generation)

    def run_lost(self, generation: Generation) -> None:
        """Report a run that has lost its lease; its tokens are paid for all the same."""
        self.log.info("run lost")
        self._put_usage(generation)

    def title_ended(self, generation: Generation, *, stored: bool) -> None:
        """Report a call for a conversation's title, which is no answer."""
        error = generation.error
        self.log.info("title ended", stored=stored, code=error and error.code, cause=cause(error))
        self._put_usage(generation)

    def _put_usage(self, generation: Generation) -> None:
        self._metrics.put({"EstimatedCost": self._cost(generation)})
        self._put_tokens(generation)

    def _put_tokens(self, generation: Generation) -> None:
        usage = generation.usage
        if generation.model and usage.total:
            self._metrics.put(
                {"PromptTokens": usage.prompt_tokens, "CompletionTokens": usage.completion_tokens},
                model=str(generation.model),
            )

    def _cost(self, generation: Generation) -> float | None:
        """Return US dollars; None without tokens, or for models without a price."""
        consumption = Consumption(generation.billed)
        for model in consumption.unpriced - self._unpriced:
            self._unpriced.add(model)
            self.log.warning("model has no price", model_id=str(model))
        return consumption.dollars


def cause(error: ChatError | None) -> str | None:
    """Return the type of an error's cause. Its message may quote a prompt and is not logged."""
    return type(error.__cause__).__name__ if error and error.__cause__ else None

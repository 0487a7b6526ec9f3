"""Structured logs: one JSON object a line, facts in fields; never a token, never people's words."""

from typing import Protocol

from aws_lambda_powertools import Logger


class Context(Protocol):
    """Of Lambda's context, what goes into a log."""

    aws_request_id: str


def logger(service: str) -> Logger:
    """The function's logger; its level is read from POWERTOOLS_LOG_LEVEL (default INFO)."""
    return Logger(service=service, use_rfc3339=True, log_uncaught_exceptions=False)


def begin(log: Logger, context: Context, **ids: str) -> None:
    """Each line carries the invocation's own id and `ids` from here on; what an earlier invocation
    of this environment had added is gone."""
    log.clear_state()
    log.append_keys(function_request_id=context.aws_request_id, **ids)

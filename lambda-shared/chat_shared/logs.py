"""Structured logs: one JSON object a line. They hold neither tokens nor the text of messages."""

from typing import Protocol

from aws_lambda_powertools import Logger


class Context(Protocol):
    """The part of Lambda's context that the functions use."""

    aws_request_id: str


def create_logger(service: str) -> Logger:
    """Create a function's logger; POWERTOOLS_LOG_LEVEL sets its level (default INFO)."""
    return Logger(service=service, use_rfc3339=True, log_uncaught_exceptions=False)


def bind_invocation(log: Logger, context: Context, **ids: str) -> None:
    """Add the invocation's id and `ids` to each line; remove the previous invocation's."""
    log.clear_state()
    log.append_keys(function_request_id=context.aws_request_id, **ids)

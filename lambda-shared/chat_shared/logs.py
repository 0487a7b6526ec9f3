"""Structured logs: one JSON object a line, facts in fields; never a token, never people's words."""

from aws_lambda_powertools import Logger


def logger(service: str) -> Logger:
    """The function's logger; its level is read from POWERTOOLS_LOG_LEVEL (default INFO)."""
    return Logger(service=service, use_rfc3339=True, log_uncaught_exceptions=False)

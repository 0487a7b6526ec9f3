"""The environment of the routes function, read once into a type, and its quotas."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Daily quotas: a user's messages, the whole deployment's tokens, and a user's tokens.

    0 is unlimited.
    """

    messages: int = 0
    tokens: int = 0
    user_tokens: int = 0


UNLIMITED = Limits()
STAGE = "prod"  # default of the environment variable


@dataclass(frozen=True)
class RoutesSettings:
    table_name: str
    worker_function_name: str
    history_days: int
    limits: Limits = UNLIMITED
    stage: str = STAGE

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "RoutesSettings":
        return cls(
            table_name=env["TABLE_NAME"],
            worker_function_name=env["WORKER_FUNCTION_NAME"],
            history_days=int(env["HISTORY_DAYS"]),
            stage=env.get("STAGE") or STAGE,
            limits=Limits(
                int(env.get("DAILY_MESSAGES") or 0),
                int(env.get("DAILY_TOKENS") or 0),
                int(env.get("DAILY_TOKENS_PER_USER") or 0),
            ),
        )

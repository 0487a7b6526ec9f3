"""The user of a request, as the authorizer has verified it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Unauthorized(Exception):
    """The event has no principal: the API's authorizer is missing or was bypassed."""


@dataclass(frozen=True)
class Principal:
    user_id: str

    @classmethod
    def from_context(cls, request_context: Mapping[str, Any]) -> "Principal":
        """Read the authorizer's result, which API Gateway adds to `requestContext`.

        Raise Unauthorized if there is none.
        """
        user_id = (request_context.get("authorizer") or {}).get("user_id")
        if not isinstance(user_id, str) or not user_id:
            raise Unauthorized
        return cls(user_id)

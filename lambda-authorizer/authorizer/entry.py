"""The authorizer's entry point: it alone knows API Gateway's REQUEST authorizer event and answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from authorizer import token


@dataclass(frozen=True)
class Authorizer:
    """How a token is turned into a user id, and the one origin whose pages may open a socket."""

    identify: Callable[[str], str]
    page_url: str | None

    def user_id(self, headers: Mapping[str, str], *, opens_socket: bool) -> str:
        """Raises token.Refused. `headers` have names in lower case."""
        if opens_socket and self.page_url and headers.get("origin") != self.page_url:
            raise token.Refused
        return self.identify(token.from_headers(headers))


@cache
def bootstrap() -> Authorizer:
    """Made once in the life of the execution environment; it keeps Cognito's keys."""
    return Authorizer(_identify(os.environ), os.environ.get("PAGE_URL"))


def _identify(environ: Mapping[str, str]) -> Callable[[str], str]:
    match environ["AUTH"]:
        case "guest":
            return token.guest_user_id
        case "cognito":
            # A guest's cold start does not pay for cryptography.
            from authorizer.cognito import Verifier

            return Verifier(
                issuer=environ["COGNITO_ISSUER"],
                jwks_url=environ["COGNITO_JWKS_URL"],
                client_id=environ["COGNITO_CLIENT_ID"],
            ).user_id
        case other:
            raise RuntimeError(f"AUTH={other} is not known here; use guest or cognito.")


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """A policy and the principal for a good token; 401 for any other (API Gateway's convention)."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    opens_socket = event["requestContext"].get("eventType") == "CONNECT"
    try:
        user_id = bootstrap().user_id(headers, opens_socket=opens_socket)
    except token.Refused:
        # API Gateway answers 401 to exactly this message, and 500 to any other.
        raise Exception("Unauthorized") from None
    return {
        "principalId": user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": whole_stage(event["methodArn"]),
                }
            ],
        },
        "context": {"user_id": user_id},
    }


def whole_stage(method_arn: str) -> str:
    """`arn:…:api/stage/GET/history` → `arn:…:api/stage/*`: the answer is cached for the token."""
    api, stage, *_ = method_arn.split("/")
    return f"{api}/{stage}/*"

"""The entry point of the authorizer, which reads API Gateway's REQUEST authorizer event.

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
    """The function that maps a token to a user id, and the only origin that may open a socket."""

    identify: Callable[[str], str]
    page_url: str | None

    def user_id(self, headers: Mapping[str, str], *, opens_socket: bool) -> str:
        """Return the user id; raise token.Refused. The names of `headers` are in lower case."""
        if not opens_socket:
            return self.identify(token.from_request(headers))
        if self.page_url and headers.get("origin") != self.page_url:
            raise token.Refused
        return self.identify(token.from_handshake(headers))


@cache
def bootstrap() -> Authorizer:
    """Create the authorizer, which caches Cognito's keys, once for each execution environment."""
    return Authorizer(_identify(os.environ), os.environ.get("PAGE_URL"))


def _identify(environ: Mapping[str, str]) -> Callable[[str], str]:
    match environ["AUTH"]:
        case "guest":
            return token.guest_user_id
        case "cognito":
            # Imported here: cryptography would slow down the cold start for guests.
            from authorizer.cognito import Verifier

            return Verifier(
                issuer=environ["COGNITO_ISSUER"],
                jwks_url=environ["COGNITO_JWKS_URL"],
                client_id=environ["COGNITO_CLIENT_ID"],
            ).user_id
        case other:
            raise RuntimeError(f"AUTH={other} is unknown; set it to guest or cognito.")


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Return an allow policy with the user id as context; raise for API Gateway's 401."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    opens_socket = event["requestContext"].get("eventType") == "CONNECT"
    try:
        user_id = bootstrap().user_id(headers, opens_socket=opens_socket)
    except token.Refused:
        # API Gateway returns 401 for this message, and 500 for any other.
        raise Exception("Unauthorized") from None
    return {
        "principalId": user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": stage_arn(event["methodArn"]),
                }
            ],
        },
        "context": {"user_id": user_id},
    }


def stage_arn(method_arn: str) -> str:
    """Return `arn:…:api/stage/*`: API Gateway caches the policy for all methods of the token."""
    api, stage, *_ = method_arn.split("/")
    return f"{api}/{stage}/*"

"""The authorizer's entry point: it alone knows API Gateway's REQUEST authorizer event and answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import os
from collections.abc import Mapping
from typing import Any

from authorizer import token


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """A policy and the principal for a good token; 401 for any other (API Gateway's convention)."""
    if os.environ["AUTH"] != "guest":
        raise RuntimeError(f"AUTH={os.environ['AUTH']} is not known here; use guest.")
    try:
        user_id = token.guest_user_id(token.from_headers(event.get("headers") or {}))
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

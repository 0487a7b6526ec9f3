"""Cognito's pre-sign-up trigger: it alone knows that event.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
"""

import os
from typing import Any

from authorizer.sign_up import admits


class NotAdmitted(Exception):
    """Its text is shown to the person by the sign-in page."""


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The event as it came lets the person go on. Raises NotAdmitted.

    An administrator may add anybody.
    """
    domains = os.environ["EMAIL_DOMAINS"].split(",")
    address = event["request"]["userAttributes"].get("email", "")
    if event["triggerSource"] != "PreSignUp_AdminCreateUser" and not admits(address, domains):
        raise NotAdmitted(f"Only addresses of {' or '.join(domains)} may sign up.")
    return event

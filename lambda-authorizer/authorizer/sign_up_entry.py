"""The entry point of Cognito's pre-sign-up trigger.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
"""

import os
from typing import Any

from authorizer.sign_up import admits


class NotAdmitted(Exception):
    """The address may not sign up. The sign-in page shows the message to the user."""


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the event unchanged, which admits the user; raise NotAdmitted.

    An administrator may add any address.
    """
    domains = os.environ["EMAIL_DOMAINS"].split(",")
    address = event["request"]["userAttributes"].get("email", "")
    if event["triggerSource"] != "PreSignUp_AdminCreateUser" and not admits(address, domains):
        raise NotAdmitted(f"Only addresses of {' or '.join(domains)} may sign up.")
    return event

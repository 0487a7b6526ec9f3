"""The e-mail addresses that may sign up."""

from collections.abc import Collection


def admits(address: str, domains: Collection[str]) -> bool:
    """Return whether an e-mail address is in one of `domains` (lower case), not in a subdomain.

    Cognito verifies its owner with a code.
    """
    local, _, domain = address.rpartition("@")
    return bool(local) and domain.lower() in domains

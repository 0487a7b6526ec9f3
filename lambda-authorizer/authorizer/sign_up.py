"""Who may make an account by himself."""

from collections.abc import Collection


def admits(address: str, domains: Collection[str]) -> bool:
    """Whether an e-mail address is of one of `domains` (lower case), not of one below it.

    Whether it is the person's own is seen to by Cognito, which sends a code there.
    """
    local, _, domain = address.rpartition("@")
    return bool(local) and domain.lower() in domains

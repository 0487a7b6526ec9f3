"""Errors of the client."""

from seoyeon.terminal.errors import CommandError


class ClientError(CommandError):
    """The deployment cannot be reached, or refuses the client."""


class Refused(ClientError):
    """A response of the history API that is not a success; `code` as in docs/openapi.yaml."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"The deployment has refused the request: {message} ({status}, {code})")
        self.status = status
        self.code = code

"""Bedrock's errors."""

# Botocore's service model of bedrock-runtime (2023-09-30) names these codes and statuses.
STATUS = {
    "AccessDeniedException": 403,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "ValidationException": 400,
}

# The exceptions of the event stream; any other code becomes internalServerException.
STREAM_CODES = {
    code: code[0].lower() + code[1:]
    for code in (
        "InternalServerException",
        "ModelStreamErrorException",
        "ModelTimeoutException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "ValidationException",
    )
}


class BedrockError(Exception):
    """An exception of Bedrock: a code of `STATUS` and a message."""

    def __init__(self, code: str, message: str) -> None:
        if code not in STATUS:
            raise ValueError(f"Bedrock has no {code!r}; it has: {', '.join(STATUS)}")
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return STATUS[self.code]

    @property
    def stream_code(self) -> str:
        """The event stream's `:exception-type`."""
        return STREAM_CODES.get(self.code, "internalServerException")


class ConnectionCutError(Exception):
    """Request to reset the client's connection without a response."""


def malformed(detail: str = "") -> BedrockError:
    """Return Bedrock's error for a body that violates the model's schema."""
    where = f": {detail}" if detail else ""
    return BedrockError(
        "ValidationException",
        f"Malformed input request{where}, please reformat your input and try again.",
    )


class SetupError(Exception):
    """A backend cannot start; the message is one line with a remedy."""


class DownloadError(Exception):
    """A model cannot be had; the message is the reason, without a full stop."""

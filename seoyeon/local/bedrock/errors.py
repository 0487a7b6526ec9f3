"""Faults as Bedrock tells them."""

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

# What the stream's shape can hold; any other code becomes internalServerException there.
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
    """An answer of Bedrock that is an exception: a code of `STATUS`, and its message."""

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
    """The connection to the client is to be reset, with nothing more said."""


def malformed(detail: str = "") -> BedrockError:
    """Bedrock's answer to a body that does not fit the model's schema."""
    where = f": {detail}" if detail else ""
    return BedrockError(
        "ValidationException",
        f"Malformed input request{where}, please reformat your input and try again.",
    )


class SetupError(Exception):
    """A back end cannot start; the message is one line that tells a person what to do."""

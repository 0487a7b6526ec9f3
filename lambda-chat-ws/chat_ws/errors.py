"""The errors of docs/protocol.md: code, Korean message, and whether a retry may succeed."""

from collections.abc import Mapping
from typing import Any, ClassVar

MAX_QUESTION_CHARACTERS = 8_000  # Unicode code points after NFC


class ChatError(Exception):
    """An error that a client is sent. Details for the operator belong into `__cause__`."""

    code: ClassVar[str]
    message: ClassVar[str]
    retryable: ClassVar[bool] = False


class BadRequest(ChatError):
    code = "bad_request"
    message = "요청을 이해하지 못했어요. 페이지를 새로 고친 뒤 다시 시도해 주세요."


class TooLarge(ChatError):
    code = "too_large"
    message = f"메시지가 너무 길어요. {MAX_QUESTION_CHARACTERS:,}자 이내로 줄여 주세요."


class Unauthorized(ChatError):
    code = "unauthorized"
    message = "사용자를 확인하지 못했어요. 페이지를 새로 고쳐 주세요."


class NotFound(ChatError):
    code = "not_found"
    message = "대화를 찾을 수 없어요. 대화 목록에서 다시 골라 주세요."


class TooManyVariants(ChatError):
    code = "too_many_variants"
    message = "한 자리에 답은 20개까지 둘 수 있어요. 쓰지 않는 답을 지운 뒤 다시 시도해 주세요."


class Busy(ChatError):
    code = "busy"
    message = "지금은 이용자가 많아요. 잠시 후 다시 시도해 주세요."
    retryable = True


class QuotaExceeded(ChatError):
    code = "quota_exceeded"
    message = "오늘 쓸 수 있는 양을 모두 썼어요. 내일 다시 이용해 주세요."


class Throttled(ChatError):
    code = "throttled"
    message = "모델에 요청이 몰려 답을 받지 못했어요. 잠시 후 다시 시도해 주세요."
    retryable = True


class ModelUnavailable(ChatError):
    code = "model_unavailable"
    message = "지금은 모델을 쓸 수 없어요. 잠시 후 다시 시도해 주세요."
    retryable = True


class ModelRetired(ChatError):
    code = "model_retired"
    message = "설정된 모델이 더 이상 제공되지 않아요. 관리자에게 알려 주세요."


class ContextTooLong(ChatError):
    code = "context_too_long"
    message = "메시지가 모델이 읽을 수 있는 길이를 넘었어요. 나누어 보내 주세요."


class NoDocuments(ChatError):
    code = "no_documents"
    message = "요약할 문서가 없어요. 문서를 올리고 다 읽은 뒤에 다시 요청해 주세요."


class ContentBlocked(ChatError):
    code = "content_blocked"
    message = "안전 정책 때문에 이 요청에는 답할 수 없어요. 내용을 바꾸어 보내 주세요."


class Internal(ChatError):
    code = "internal"
    message = "일시적인 문제가 생겼어요. 잠시 후 다시 시도해 주세요."
    retryable = True


class ModelFault(Internal):
    """The model failed before its answer was complete; another call may continue the answer."""


def by_code(code: str | None) -> ChatError:
    """Return the error of a stored code; an unknown code is an internal error."""
    kinds = {kind.code: kind for kind in ChatError.__subclasses__()}
    return kinds.get(code or "", Internal)()


BEDROCK = {
    "throttlingexception": Throttled,
    "modelnotreadyexception": Throttled,
    "servicequotaexceededexception": Throttled,
    "accessdeniedexception": ModelUnavailable,
    "serviceunavailableexception": ModelUnavailable,
    "resourcenotfoundexception": ModelUnavailable,
    "modeltimeoutexception": ModelFault,
    "modelerrorexception": ModelFault,
    "modelstreamerrorexception": ModelFault,
    "internalserverexception": ModelFault,
}
# The code ValidationException covers many faults; only the message tells them apart.
RETIRED = ("marked by provider as legacy", "model identifier is invalid", "end of its life")
TOO_LONG = ("context length", "too long", "too many input tokens", "maximum context")


def from_bedrock(response: Mapping[str, Any]) -> ChatError:
    """Map botocore's `error.response`, raised before or during a stream, to a ChatError.

    An unknown code with an HTTP status of 500 or higher, such as a proxy's HTML page, is a
    ModelFault.
    Codes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
    """
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, message = (str(error.get(name, "")).lower() for name in ("Code", "Message"))
    if any(phrase in message for phrase in RETIRED):
        return ModelRetired()
    # The message of a ModelTimeoutException also contains "too long".
    if code == "validationexception" and any(phrase in message for phrase in TOO_LONG):
        return ContextTooLong()
    # "... with on-demand throughput isn't supported": the model needs an inference profile.
    if "on-demand throughput" in message:
        return ModelUnavailable()
    unknown = ModelFault if metadata.get("HTTPStatusCode", 0) >= 500 else Internal
    return BEDROCK.get(code, unknown)()

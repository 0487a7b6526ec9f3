"""What can go wrong, as the browser hears it: a code, a sentence, whether trying again helps."""

from collections.abc import Mapping
from typing import Any, ClassVar


class ChatError(Exception):
    """Its message goes to the browser; what only an operator should read stays in `__cause__`."""

    code: ClassVar[str]
    message: ClassVar[str]
    retryable: ClassVar[bool] = False


class BadRequest(ChatError):
    code = "bad_request"
    message = "요청을 이해할 수 없습니다. 페이지를 새로 고친 뒤 다시 시도해 주세요."


class TooLarge(ChatError):
    code = "too_large"
    message = "메시지가 너무 깁니다. 8,000자 이내로 줄여 주세요."


class Unauthorized(ChatError):
    code = "unauthorized"
    message = "인증이 필요합니다. 페이지를 새로 고쳐 주세요."


class NotFound(ChatError):
    code = "not_found"
    message = "요청한 대화를 찾을 수 없습니다."


class Busy(ChatError):
    code = "busy"
    message = "지금은 이용자가 많습니다. 잠시 후 다시 시도해 주세요."
    retryable = True


class QuotaExceeded(ChatError):
    code = "quota_exceeded"
    message = "오늘 쓸 수 있는 양을 모두 썼습니다. 내일 다시 이용해 주세요."


class Throttled(ChatError):
    code = "throttled"
    message = "모델이 요청을 처리하지 못하고 있습니다. 잠시 후 다시 시도해 주세요."
    retryable = True


class ModelUnavailable(ChatError):
    code = "model_unavailable"
    message = "모델을 지금 사용할 수 없습니다. 잠시 후 다시 시도해 주세요."
    retryable = True


class ModelRetired(ChatError):
    code = "model_retired"
    message = "설정된 모델이 더 이상 제공되지 않습니다. 관리자에게 알려 주세요."


class ContextTooLong(ChatError):
    code = "context_too_long"
    message = "메시지가 모델이 읽을 수 있는 길이를 넘었습니다. 나누어 보내 주세요."


class ContentBlocked(ChatError):
    code = "content_blocked"
    message = "안전 정책에 따라 이 요청에는 답변할 수 없습니다."


class Internal(ChatError):
    code = "internal"
    message = "일시적인 문제가 생겼습니다. 다시 시도해 주세요."
    retryable = True


class ModelFault(Internal):
    """The model failed before its answer was whole; asked again, it may go on."""


def by_code(code: str | None) -> ChatError:
    """The error of a stored code; a code that this version does not know is an internal error."""
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
# A ValidationException does not say which of many things is wrong, but its text does.
RETIRED = ("marked by provider as legacy", "model identifier is invalid", "end of its life")
TOO_LONG = ("context length", "too long", "too many input tokens", "maximum context")


def from_bedrock(error: Mapping[str, Any]) -> ChatError:
    """Our error for botocore's `response["Error"]`, from before or in the middle of a stream.

    Codes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
    """
    code, text = (str(error.get(name, "")).lower() for name in ("Code", "Message"))
    if any(sign in text for sign in RETIRED):
        return ModelRetired()
    # A ModelTimeoutException, too, says that something took "too long".
    if code == "validationexception" and any(sign in text for sign in TOO_LONG):
        return ContextTooLong()
    if "on-demand throughput" in text:  # ... isn't supported: it takes an inference profile
        return ModelUnavailable()
    return BEDROCK.get(code, Internal)()

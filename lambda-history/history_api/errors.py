"""The errors of docs/openapi.yaml: HTTP status, code and Korean message."""

from typing import ClassVar


class ApiError(Exception):
    status: ClassVar[int]
    code: ClassVar[str]
    message: ClassVar[str]


class BadRequest(ApiError):
    status = 400
    code = "bad_request"
    message = "요청을 이해하지 못했어요. 페이지를 새로 고친 뒤 다시 시도해 주세요."


class Unauthorized(ApiError):
    status = 401
    code = "unauthorized"
    message = "사용자를 확인하지 못했어요. 페이지를 새로 고쳐 주세요."


class QuotaExceeded(ApiError):
    status = 429
    code = "quota_exceeded"
    message = "오늘 쓸 수 있는 만큼 모두 썼어요. 내일 다시 시도해 주세요."


class TooManyDocuments(ApiError):
    status = 409
    code = "too_many_documents"
    message = "한 대화에 문서를 더 올릴 수 없어요. 쓰지 않는 문서를 지운 뒤 다시 올려 주세요."


class DocumentTooLarge(ApiError):
    status = 413
    code = "too_large"
    message = "문서가 너무 커요. 나누거나 줄여서 다시 올려 주세요."


class NotFound(ApiError):
    status = 404
    code = "not_found"
    message = "대화를 찾을 수 없어요. 대화 목록에서 다시 골라 주세요."


class Internal(ApiError):
    status = 500
    code = "internal"
    message = "일시적인 문제가 생겼어요. 잠시 후 다시 시도해 주세요."

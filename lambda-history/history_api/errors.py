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


class NotFound(ApiError):
    status = 404
    code = "not_found"
    message = "대화를 찾을 수 없어요. 대화 목록에서 다시 골라 주세요."


class Internal(ApiError):
    status = 500
    code = "internal"
    message = "일시적인 문제가 생겼어요. 잠시 후 다시 시도해 주세요."

"""What a caller hears when a request cannot be served: a status, a code, a sentence."""

from typing import ClassVar


class ApiError(Exception):
    status: ClassVar[int]
    code: ClassVar[str]
    message: ClassVar[str]


class BadRequest(ApiError):
    status = 400
    code = "bad_request"
    message = "요청을 이해할 수 없습니다. 페이지를 새로 고친 뒤 다시 시도해 주세요."


class Unauthorized(ApiError):
    status = 401
    code = "unauthorized"
    message = "인증이 필요합니다. 페이지를 새로 고쳐 주세요."


class NotFound(ApiError):
    status = 404
    code = "not_found"
    message = "요청한 대화를 찾을 수 없습니다."


class Internal(ApiError):
    status = 500
    code = "internal"
    message = "일시적인 문제가 생겼습니다. 다시 시도해 주세요."

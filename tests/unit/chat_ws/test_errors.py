from typing import Any

import pytest
from chat_ws import errors
from chat_ws.errors import ChatError, Internal, ModelFault
from history_api.errors import ApiError

CONTRACT = {
    "bad_request": False,
    "too_large": False,
    "unauthorized": False,
    "not_found": False,
    "too_many_variants": False,
    "busy": True,
    "quota_exceeded": False,
    "throttled": True,
    "model_unavailable": True,
    "model_retired": False,
    "context_too_long": False,
    "no_documents": False,
    "content_blocked": False,
    "internal": True,
}


def response(code: str, message: str = "…", status: int = 400) -> dict[str, Any]:
    """Return an error's response as botocore parses it."""
    error = {"Code": code, "Message": message}
    return {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}


@pytest.mark.parametrize(("code", "retryable"), CONTRACT.items())
def test_every_code_leads_back_to_its_error(code: str, retryable: bool) -> None:
    error = errors.by_code(code)
    assert (error.code, error.retryable) == (code, retryable)
    assert error.message


@pytest.mark.parametrize(
    "kind", [*ChatError.__subclasses__(), *ApiError.__subclasses__()], ids=lambda kind: kind.code
)
def test_each_sentence_is_polite_and_the_last_says_what_to_do(kind: type[ChatError]) -> None:
    *_, remedy = sentences = kind.message.rstrip(".").split(". ")
    assert len(sentences) == 2
    assert all(sentence.endswith("요") for sentence in sentences)
    assert remedy.endswith("주세요")


def test_no_error_is_outside_the_contract() -> None:
    assert {kind.code for kind in ChatError.__subclasses__()} <= CONTRACT.keys()


@pytest.mark.parametrize("code", [None, "", "from_the_future"])
def test_an_unknown_code_is_an_internal_error(code: str | None) -> None:
    assert errors.by_code(code).code == "internal"


@pytest.mark.parametrize(
    ("bedrock", "code"),
    [
        ("ThrottlingException", "throttled"),
        ("ModelNotReadyException", "throttled"),
        ("ServiceQuotaExceededException", "throttled"),
        ("AccessDeniedException", "model_unavailable"),
        ("ServiceUnavailableException", "model_unavailable"),
        ("ResourceNotFoundException", "model_unavailable"),
        ("ModelTimeoutException", "internal"),
        ("ModelErrorException", "internal"),
        ("ModelStreamErrorException", "internal"),
        ("InternalServerException", "internal"),
        ("ValidationException", "internal"),
        ("SomethingNewException", "internal"),
    ],
)
def test_bedrock_s_codes_become_ours(bedrock: str, code: str) -> None:
    in_the_middle = bedrock[0].lower() + bedrock[1:]
    assert errors.from_bedrock(response(bedrock)).code == code
    assert errors.from_bedrock(response(in_the_middle)).code == code


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Internal), (499, Internal), (500, ModelFault), (502, ModelFault)]
)
def test_an_unknown_error_of_the_server_is_a_fault_of_the_model(
    status: int, kind: type[ChatError]
) -> None:
    assert type(errors.from_bedrock(response(str(status), "Bad Gateway", status))) is kind
    assert errors.from_bedrock(response("ThrottlingException", status=status)).code == "throttled"


@pytest.mark.parametrize(
    ("bedrock", "message"),
    [
        (
            "ResourceNotFoundException",
            "Access denied. This Model is marked by provider as Legacy and you have not been"
            " actively using the model in the last 15 days.",
        ),
        ("ResourceNotFoundException", "This model version has reached the end of its life."),
        ("ValidationException", "The provided model identifier is invalid."),
    ],
)
def test_a_model_that_is_no_more_is_retired(bedrock: str, message: str) -> None:
    assert errors.from_bedrock(response(bedrock, message)).code == "model_retired"


def test_a_model_that_takes_an_inference_profile_is_unavailable() -> None:
    message = "Invocation of model ID … with on-demand throughput isn't supported."
    error = errors.from_bedrock(response("ValidationException", message))
    assert error.code == "model_unavailable"


@pytest.mark.parametrize("code", ["ValidationException", "validationException"])
@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens. Please reduce your prompt.",
        "Input is too long for requested model.",
        "Too many input tokens. Max input tokens: 8192, request input token count: 9000",
    ],
)
def test_a_prompt_beyond_the_context_is_too_long(code: str, message: str) -> None:
    assert errors.from_bedrock(response(code, message)).code == "context_too_long"


def test_a_model_that_took_too_long_does_not_blame_the_question() -> None:
    message = "The request took too long to process. Processing time exceeded the limit."
    assert errors.from_bedrock(response("modelTimeoutException", message)).code == "internal"


def test_an_error_without_details_is_internal() -> None:
    assert errors.from_bedrock({}).code == "internal"

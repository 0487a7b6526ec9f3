import pytest
from chat_ws.settings import UNLIMITED, Limits, RoutesSettings
from chat_ws.worker.settings import ModelSettings, WorkerSettings

from tests.builders import MODELS

WORKER = {
    "TABLE_NAME": "seoyeon",
    "WEBSOCKET_CALLBACK_URL": "https://api.execute-api.us-west-2.amazonaws.com/chat",
    "MODEL_IDS": "meta.llama3-70b-instruct-v1:0,us.meta.llama3-3-70b-instruct-v1:0",
    "BEDROCK_REGION": "us-west-2",
    "MAX_GEN_LEN": "1024",
    "TEMPERATURE": "0.1",
    "TOP_P": "0.9",
    "WINDOW_EXCHANGES": "10",
}


def test_the_worker_s_environment_becomes_typed_settings() -> None:
    assert WorkerSettings.from_env(WORKER) == WorkerSettings(
        table_name="seoyeon",
        callback_url="https://api.execute-api.us-west-2.amazonaws.com/chat",
        window_exchanges=10,
        model=ModelSettings(
            models=MODELS,
            region="us-west-2",
            endpoint_url=None,
            max_gen_len=1024,
            temperature=0.1,
            top_p=0.9,
        ),
    )


def test_titles_and_the_quota_of_tokens_are_off_unless_they_are_set() -> None:
    settings = WorkerSettings.from_env(WORKER)
    assert (settings.titles, settings.limits) == (False, UNLIMITED)
    settings = WorkerSettings.from_env(WORKER | {"TITLES": "true", "DAILY_TOKENS": "9"})
    assert (settings.titles, settings.limits) == (True, Limits(tokens=9))
    assert not WorkerSettings.from_env(WORKER | {"TITLES": "false"}).titles


@pytest.mark.parametrize(
    ("value", "expected"), [("", None), ("http://localhost:1", "http://localhost:1")]
)
def test_an_empty_endpoint_is_bedrock_itself(value: str, expected: str | None) -> None:
    settings = ModelSettings.from_env({**WORKER, "BEDROCK_ENDPOINT_URL": value})
    assert settings.endpoint_url == expected


def test_the_routes_environment_becomes_typed_settings() -> None:
    env = {"TABLE_NAME": "t", "WORKER_FUNCTION_NAME": "w", "HISTORY_DAYS": "1"}
    assert RoutesSettings.from_env(env) == RoutesSettings("t", "w", 1)


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        ({}, UNLIMITED),
        ({"DAILY_MESSAGES": "0", "DAILY_TOKENS": ""}, UNLIMITED),
        ({"DAILY_MESSAGES": "200", "DAILY_TOKENS": "2000000"}, Limits(200, 2_000_000)),
        ({"DAILY_TOKENS_PER_USER": "300000"}, Limits(user_tokens=300_000)),
    ],
)
def test_a_quota_that_is_not_set_is_no_limit(given: dict[str, str], limits: Limits) -> None:
    env = {"TABLE_NAME": "t", "WORKER_FUNCTION_NAME": "w", "HISTORY_DAYS": "1", **given}
    assert RoutesSettings.from_env(env).limits == limits


@pytest.mark.parametrize("missing", WORKER)
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        WorkerSettings.from_env({name: value for name, value in WORKER.items() if name != missing})


def test_documents_are_off_unless_their_bucket_is_set() -> None:
    settings = WorkerSettings.from_env(WORKER)
    assert (settings.documents_bucket, settings.document_tokens) == ("", 24_000)
    given = WORKER | {"DOCUMENTS_BUCKET": "documents", "DOCUMENT_TOKENS": "9000"}
    settings = WorkerSettings.from_env(given)
    assert (settings.documents_bucket, settings.document_tokens) == ("documents", 9_000)

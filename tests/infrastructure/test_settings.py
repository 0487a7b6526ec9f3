"""Invalid settings are refused at synth with a message that names the remedy."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from chat_ws.models import ModelId

from cdk.assets.functions import ROOT
from cdk.bedrock_models import model_arns
from cdk.settings import Settings, SettingsError
from tests.infrastructure.conftest import run_isolated

DEFAULTS: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]


def read_settings(**changes: Any) -> Settings:
    return Settings.from_context(DEFAULTS | changes)


def test_cdk_json_has_the_documented_defaults() -> None:
    settings = read_settings()

    assert settings.model_ids[0] == "meta.llama3-70b-instruct-v1:0"
    assert "llama3-3-70b" in settings.model_ids[1]
    assert (settings.max_gen_len, settings.temperature, settings.top_p) == (1024, 0.1, 0.9)
    assert (settings.window_exchanges, settings.auth, settings.architecture) == (
        10,
        "guest",
        "arm64",
    )


def test_values_from_the_command_line_are_parsed_from_text() -> None:
    settings = read_settings(temperature="0.5", max_gen_len="512", log_days="7", titles="false")

    assert (settings.temperature, settings.max_gen_len, settings.log_days) == (0.5, 512, 7)
    assert not settings.titles


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("target", "azure", "use aws or local"),
        ("stage", "Prod", "write it like prod"),
        ("stage", "a" * 17, "write it like prod"),
        ("stage", "-a", "write it like prod"),
        ("model_ids", "Llama 3", "use Bedrock model ids such as meta.llama3"),
        (
            "model_ids",
            "meta.llama3-70b-instruct-v1:0,",
            "use Bedrock model ids such as meta.llama3",
        ),
        ("model_ids", "mars.meta.llama3-3-70b-instruct-v1:0", "inference profile of us or us-gov"),
        ("model_ids", "arn:aws:bedrock:us-west-2:1:application-inference-profile/x", "not an ARN"),
        ("model_ids", "", "give it a value"),
        ("bedrock_region", "Seoul", "write it like us-west-2"),
        ("bedrock_region", "ap-northeast-2", "can be called from us-east-1"),
        ("max_gen_len", 0, "use a whole number from 1 to 2048"),
        ("max_gen_len", 2049, "use a whole number from 1 to 2048"),
        ("max_gen_len", "1e3", "use a whole number from 1 to 2048"),
        ("max_gen_len", True, "use a whole number from 1 to 2048"),
        ("temperature", 1.1, "use a number from 0 to 1"),
        ("temperature", -0.1, "use a number from 0 to 1"),
        ("temperature", "nan", "use a number from 0 to 1"),
        ("temperature", "warm", "use a number from 0 to 1"),
        ("top_p", "2", "use a number from 0 to 1"),
        ("window_exchanges", -1, "use a whole number from 0 to 100"),
        ("history_days", 0, "use a whole number from 1 to 3650"),
        ("daily_messages", -1, "use a whole number from 0 to 1000000"),
        ("daily_messages", 1.5, "use a whole number from 0 to 1000000"),
        ("daily_tokens", "2e6", "use a whole number from 0 to 999999999"),
        ("documents", "on", "use true or false"),
        ("document_megabytes", 51, "use a whole number from 1 to 50"),
        ("conversation_documents", 0, "use a whole number from 1 to 20"),
        ("documents_per_day", 0, "use a whole number from 1 to 1000"),
        ("daily_documents", "many", "use a whole number from 1 to 1000000"),
        ("document_tokens", 999, "use a whole number from 1000 to 200000"),
        ("sharing", "on", "use accounts or everyone or off"),
        ("shares_per_day", 0, "use a whole number from 1 to 1000"),
        ("daily_shares", 0, "use a whole number from 1 to 1000000"),
        ("feedback", "on", "use true or false"),
        ("ratings_per_day", 0, "use a whole number from 1 to 1000"),
        ("daily_ratings", 0, "use a whole number from 1 to 1000000"),
        ("shared_rate", 0, "use a whole number from 1 to 10000"),
        ("shared_burst", 5001, "use a whole number from 1 to 5000"),
        ("daily_tokens_per_user", -1, "use a whole number from 0 to 999999999"),
        ("frame_rate", 0, "use a whole number from 1 to 10000"),
        ("connect_burst", 5001, "use a whole number from 1 to 5000"),
        ("history_rate", "fast", "use a whole number from 1 to 10000"),
        ("monthly_budget", "1.5", "use a whole number from 0 to 1000000"),
        ("worker_concurrency", "all", "use a whole number from 0 to 10000"),
        ("guardrail_id", "My Guardrail", "write it like gr1abc2def3h"),
        ("guardrail_version", "latest", "write it like DRAFT"),
        ("guardrail_version", "0", "write it like DRAFT"),
        ("auth", "none", "use guest or cognito"),
        ("self_sign_up", "yes", "use true or false"),
        ("titles", "off", "use true or false"),
        ("email_domains", "example.com", "auth cognito only"),
        ("email_domains", "example.com,@example.org", "write it like example.com,example.org"),
        ("mfa", "sms", "use optional or off or required"),
        ("alarm_email", "team", "write it like team@example.com"),
        ("alarm_email", "a@example.com b@example.com", "write it like team@example.com"),
        ("daily_cost_alarm", 0, "use a number from 0.01 to 1000000"),
        ("log_days", 31, "use one of 1, 3, 5"),
        ("architecture", "riscv", "use arm64 or x86_64"),
        ("bedrock_endpoint_url", "http://localhost:1", "leave it out"),
        ("local_endpoint_url", "http://localhost:1", "leave it out"),
        ("local_page_url", "http://localhost:1", "leave it out"),
    ],
)
def test_an_invalid_value_is_named_with_its_remedy(name: str, value: object, advice: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(**{name: value})

    message = str(caught.value)
    assert message.startswith(name)
    assert advice in message
    assert f"-c {name}=" in message
    assert "\n" not in message


def test_a_local_sign_in_needs_the_page_s_url() -> None:
    local = {"target": "local", "auth": "cognito", "local_endpoint_url": "http://localhost:1"}
    with pytest.raises(SettingsError, match=r"^local_page_url is not set"):
        read_settings(**local)
    read_settings(**local, local_page_url="http://localhost:8080")


@pytest.mark.parametrize(
    "name", ["target", "stage", "model_ids", "temperature", "auth", "daily_tokens", "log_days"]
)
def test_a_missing_setting_is_named(name: str) -> None:
    context = {key: value for key, value in DEFAULTS.items() if key != name}

    with pytest.raises(SettingsError, match=f"^{name} is not set"):
        Settings.from_context(context)


def test_optional_settings_are_off_by_default() -> None:
    settings = read_settings()

    assert settings.guardrail_id is None
    assert settings.alarm_email is None
    assert settings.domain_name is None
    assert settings.email_domains == ()
    assert (settings.self_sign_up, settings.mfa, settings.worker_concurrency) == (
        True,
        "optional",
        0,
    )


def test_a_budget_needs_an_address() -> None:
    with pytest.raises(SettingsError, match=r"^alarm_email is not set; monthly_budget"):
        read_settings(monthly_budget=50)
    assert read_settings(monthly_budget=50, alarm_email="a@example.com").monthly_budget == 50
    assert read_settings().monthly_budget == 0


def test_there_are_daily_limits_by_default() -> None:
    settings = read_settings()

    assert (settings.daily_messages, settings.daily_tokens) == (200, 2_000_000)
    assert settings.daily_cost_alarm == 10


def test_sign_up_can_be_restricted_to_domains_or_closed() -> None:
    settings = read_settings(
        auth="cognito", email_domains="example.com, example.org", self_sign_up="false"
    )

    assert settings.email_domains == ("example.com", "example.org")
    assert settings.self_sign_up is False


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1b2c3d4e-0000"


def test_a_domain_needs_a_certificate_and_the_reverse() -> None:
    settings = read_settings(domain_name="chat.example.com", certificate_arn=CERTIFICATE)

    assert settings.domain_name == "chat.example.com"
    with pytest.raises(SettingsError, match=r"^certificate_arn is not set; domain_name needs"):
        read_settings(domain_name="chat.example.com")
    with pytest.raises(SettingsError, match=r"^domain_name is not set"):
        read_settings(certificate_arn=CERTIFICATE)


def test_a_certificate_of_another_region_is_refused() -> None:
    elsewhere = CERTIFICATE.replace("us-east-1", "ap-northeast-2")

    with pytest.raises(SettingsError, match=r"write it like arn:aws:acm:us-east-1:"):
        read_settings(domain_name="chat.example.com", certificate_arn=elsewhere)


@pytest.mark.parametrize(
    "guardrail", ["gr1abc2def3h", "arn:aws:bedrock:us-west-2:123456789012:guardrail/gr1abc2def3h"]
)
def test_a_guardrail_is_an_id_or_another_accounts_arn(guardrail: str) -> None:
    assert read_settings(guardrail_id=guardrail).guardrail_id == guardrail


def test_a_misspelled_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="did you mean temperature"):
        read_settings(temprature=0.5)


def test_the_local_target_needs_the_emulators_url() -> None:
    with pytest.raises(SettingsError, match=r"^local_endpoint_url is not set"):
        read_settings(target="local")
    with pytest.raises(SettingsError, match=r"^local_endpoint_url is 'localhost:4566'"):
        read_settings(target="local", local_endpoint_url="localhost:4566")


def test_a_model_behind_a_profile_names_every_region_it_may_run_in() -> None:
    model = ModelId.parse("us.meta.llama3-3-70b-instruct-v1:0")

    assert model_arns(model, "aws", "1", "us-west-2") == [
        "arn:aws:bedrock:us-west-2:1:inference-profile/us.meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-east-2::foundation-model/meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-3-70b-instruct-v1:0",
    ]


@pytest.mark.parametrize(
    "model_id",
    [
        "anthropic.claude-3-haiku-20240307-v1:0",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "amazon.nova-pro-v1:0",
        "mistral.mistral-7b-instruct-v0:2",
        "openai.gpt-oss-120b-1:0",
        "us.deepseek.r1-v1:0",
        "zai.glm-4.7",
        "meta.llama3-1-70b-instruct-v1:0:128k",
    ],
)
def test_any_chat_model_of_bedrock_can_be_named(model_id: str) -> None:
    settings = read_settings(model_ids=model_id)

    (model,) = settings.models
    assert model.foundation_model == model_id.removeprefix("us.")


def test_a_model_of_its_own_region_is_one_arn() -> None:
    model = ModelId.parse("anthropic.claude-3-haiku-20240307-v1:0")

    assert model_arns(model, "aws", "1", "ap-northeast-2") == [
        "arn:aws:bedrock:ap-northeast-2::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
    ]


def test_a_global_profile_can_be_called_from_anywhere_and_names_no_region() -> None:
    settings = read_settings(
        model_ids="global.amazon.nova-2-lite-v1:0", bedrock_region="ap-northeast-2"
    )

    (model,) = settings.models
    assert model_arns(model, "aws", "1", "ap-northeast-2") == [
        "arn:aws:bedrock:ap-northeast-2:1:inference-profile/global.amazon.nova-2-lite-v1:0",
        "arn:aws:bedrock:ap-northeast-2::foundation-model/amazon.nova-2-lite-v1:0",
        "arn:aws:bedrock:::foundation-model/amazon.nova-2-lite-v1:0",
    ]


def test_the_app_ends_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    context = json.dumps(DEFAULTS | {"temperature": 7})

    done = run_isolated([sys.executable, "app.py"], tmp_path, {"CDK_CONTEXT_JSON": context})

    assert done.returncode == 1
    assert "Error: temperature is '7'; use a number from 0 to 1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("sharing", "auth", "expected"),
    [
        ("accounts", "guest", False),
        ("accounts", "cognito", True),
        ("everyone", "guest", True),
        ("everyone", "cognito", True),
        ("off", "guest", False),
        ("off", "cognito", False),
    ],
)
def test_guests_share_only_if_everyone_may(sharing: str, auth: str, expected: bool) -> None:
    assert read_settings(sharing=sharing, auth=auth).has_shares == expected


def test_guests_do_not_share_by_default() -> None:
    assert not read_settings().has_shares

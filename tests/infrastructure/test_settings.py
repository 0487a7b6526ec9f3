"""A wrong setting is refused at synth, in words that say what to do."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from cdk.bedrock_models import BedrockModel
from cdk.function_asset import ROOT
from cdk.settings import Settings, SettingsError

DEFAULTS: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]


def read_settings(**changes: Any) -> Settings:
    return Settings.from_context(DEFAULTS | changes)


def test_the_settings_of_cdk_json_are_the_designs() -> None:
    settings = read_settings()

    assert settings.model_ids[0] == "meta.llama3-70b-instruct-v1:0"
    assert "llama3-3-70b" in settings.model_ids[1]
    assert (settings.max_gen_len, settings.temperature, settings.top_p) == (1024, 0.1, 0.9)
    assert (settings.window_exchanges, settings.auth, settings.architecture) == (
        10,
        "guest",
        "arm64",
    )


def test_a_value_of_the_command_line_counts_as_one_of_the_file() -> None:
    settings = read_settings(temperature="0.5", max_gen_len="512", log_days="7")

    assert (settings.temperature, settings.max_gen_len, settings.log_days) == (0.5, 512, 7)


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("target", "azure", "use aws or local"),
        ("model_ids", "anthropic.claude-v2", "use Llama 3 instruct models"),
        ("model_ids", "meta.llama4-scout-17b-instruct-v1:0", "use Llama 3 instruct models"),
        ("model_ids", "meta.llama3-70b-instruct-v1:0,", "use Llama 3 instruct models"),
        ("model_ids", "mars.meta.llama3-3-70b-instruct-v1:0", "inference profile of us or eu"),
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
        ("auth", "none", "use guest"),
        ("log_days", 31, "use one of 1, 3, 5"),
        ("architecture", "riscv", "use arm64 or x86_64"),
        ("bedrock_endpoint_url", "http://localhost:1", "leave it out"),
        ("local_endpoint_url", "http://localhost:1", "leave it out"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(name: str, value: object, advice: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(**{name: value})

    message = str(caught.value)
    assert message.startswith(name)
    assert advice in message
    assert f"-c {name}=" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["target", "model_ids", "temperature", "auth", "log_days"])
def test_a_missing_setting_is_named(name: str) -> None:
    context = {key: value for key, value in DEFAULTS.items() if key != name}

    with pytest.raises(SettingsError, match=f"^{name} is not set"):
        Settings.from_context(context)


def test_a_misspelt_setting_is_not_ignored() -> None:
    with pytest.raises(SettingsError, match="did you mean temperature"):
        read_settings(temprature=0.5)


def test_the_local_target_needs_the_emulators_url() -> None:
    with pytest.raises(SettingsError, match=r"^local_endpoint_url is not set"):
        read_settings(target="local")
    with pytest.raises(SettingsError, match=r"^local_endpoint_url is 'localhost:4566'"):
        read_settings(target="local", local_endpoint_url="localhost:4566")


def test_a_model_behind_a_profile_names_every_region_it_may_run_in() -> None:
    model = BedrockModel.parse("us.meta.llama3-3-70b-instruct-v1:0")

    assert model.arns("aws", "1", "us-west-2") == [
        "arn:aws:bedrock:us-west-2:1:inference-profile/us.meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-east-2::foundation-model/meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-3-70b-instruct-v1:0",
    ]


def test_the_app_ends_with_one_line_and_no_traceback() -> None:
    context = json.dumps(DEFAULTS | {"temperature": 7})

    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"CDK_CONTEXT_JSON": context},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Error: temperature is '7'; use a number from 0 to 1" in done.stderr
    assert "Traceback" not in done.stderr

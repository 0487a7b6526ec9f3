"""Settings of a laptop run from the environment."""

from pathlib import Path

import pytest

from seoyeon.local.settings import Settings
from seoyeon.terminal.errors import CommandError


def test_nothing_set_gives_the_documented_defaults() -> None:
    settings = Settings.from_env({})
    assert (settings.port, settings.llm, settings.bedrock_endpoint_url) == (8080, "auto", None)
    assert (settings.auth, settings.titles, settings.sharing) == ("guest", True, "everyone")
    assert settings.state_dir == Path.cwd() / ".local"


def test_an_empty_variable_counts_as_unset() -> None:
    empty = dict.fromkeys(
        ("PORT", "LLM", "BEDROCK_ENDPOINT_URL", "STATE_DIR", "AUTH", "TITLES", "SHARING"), " "
    )
    assert Settings.from_env(empty) == Settings.from_env({})


def test_every_variable_is_read(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {
            "PORT": "9000",
            "LLM": "scripted",
            "BEDROCK_ENDPOINT_URL": "http://127.0.0.1:9001/",
            "STATE_DIR": str(tmp_path),
            "AUTH": "cognito",
            "TITLES": "off",
            "SHARING": "accounts",
        }
    )
    assert settings == Settings(
        9000,
        "scripted",
        "http://127.0.0.1:9001",
        tmp_path,
        "cognito",
        titles=False,
        sharing="accounts",
    )


def test_a_way_to_sign_in_that_there_is_not_is_named() -> None:
    with pytest.raises(CommandError, match="AUTH must be guest or cognito, not 'saml'"):
        Settings.from_env({"AUTH": "saml"})


def test_sharing_has_three_values() -> None:
    with pytest.raises(CommandError, match="SHARING must be accounts, everyone or off, not 'on'"):
        Settings.from_env({"SHARING": "on"})


def test_titles_are_on_or_off() -> None:
    with pytest.raises(CommandError, match="TITLES must be on or off, not 'no'"):
        Settings.from_env({"TITLES": "no"})


@pytest.mark.parametrize("port", ["eighty", "-1", "70000", "8080.5", "٨٠٨٠"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(CommandError, match=f"PORT .*{port}"):
        Settings.from_env({"PORT": port})


@pytest.mark.parametrize("url", ["localhost:9000", "ftp://localhost", "http://"])
def test_an_endpoint_that_is_no_url_is_named(url: str) -> None:
    with pytest.raises(CommandError, match=r"BEDROCK_ENDPOINT_URL .*http://"):
        Settings.from_env({"BEDROCK_ENDPOINT_URL": url})

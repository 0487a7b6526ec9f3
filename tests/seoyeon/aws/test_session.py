"""Credentials of profiles in the user's AWS files."""

import hashlib
import json
from pathlib import Path

import boto3
import pytest

from seoyeon.aws.preflight.snapshot import Unread
from seoyeon.aws.session import client, connect

SESSION = "arn:aws:iam::123456789012:user/someone"


@pytest.fixture
def login_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Select a profile that `aws login` has written; return the folder of its sessions."""
    config = tmp_path / "config"
    config.write_text(f"[default]\nlogin_session = {SESSION}\nregion = us-east-1\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_LOGIN_CACHE_DIRECTORY", str(tmp_path))
    return tmp_path


def test_credentials_of_aws_login_are_used(login_cache: Path) -> None:
    token = {
        "accessToken": {
            "accessKeyId": "ASIAEXAMPLE",
            "secretAccessKey": "a secret",
            "sessionToken": "a token",
            "accountId": "123456789012",
            "expiresAt": "2999-01-01T00:00:00Z",
        },
        "refreshToken": "another token",
        "dpopKey": "a key",
        "clientId": "arn:aws:signin:::devtools/same-device",
    }
    name = hashlib.sha256(SESSION.encode()).hexdigest()
    (login_cache / f"{name}.json").write_text(json.dumps(token))
    assert client("sts", "us-east-1").meta.region_name == "us-east-1"
    credentials = boto3.Session().get_credentials()
    assert credentials is not None
    assert (credentials.method, credentials.access_key) == ("login", "ASIAEXAMPLE")


@pytest.mark.usefixtures("login_cache")
def test_a_missing_session_of_aws_login_is_reported_by_its_name() -> None:
    caller = connect().reader.caller("us-east-1")
    assert isinstance(caller, Unread)
    assert caller.code == "LoginTokenLoadError"

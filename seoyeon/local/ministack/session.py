"""Sessions for MiniStack, isolated from the user's AWS files and variables.

The user's credentials stay available in this process, because `LLM=aws` needs them.
"""

import os
from pathlib import Path

import boto3
import botocore.session
from botocore.config import Config

from seoyeon.terminal.commands import tool_path

ACCOUNT = "000000000000"
REGION = "us-east-1"
_NO_PROXY = "localhost,127.0.0.1,::1"


def cli_environment(endpoint_url: str, home: Path) -> dict[str, str]:
    """Return the CDK CLI's environment: this repository's tools, and dummy credentials."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CDK_")) and name.lower() != "no_proxy"
    }
    return kept | {
        "PATH": tool_path(os.environ.get("PATH", os.defpath)),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
        "CDK_HOME": str(home),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_PROXY": _NO_PROXY,
        "no_proxy": _NO_PROXY,
        "NO_COLOR": "1",
    }


def open_session() -> boto3.Session:
    """Return a session that reads no profile; clients need an endpoint and `client_config`."""
    unset = (None, None, None, None)
    core = botocore.session.Session(
        session_vars={
            "profile": unset,
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "ca_bundle": unset,
        }
    )
    return boto3.Session(
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 (MiniStack checks no signature)
        region_name=REGION,
        botocore_session=core,
    )


def client_config() -> Config:
    """Return a configuration that ignores HTTP proxies and fails soon."""
    return Config(
        proxies={},
        connect_timeout=5,
        read_timeout=30,
        retries={"total_max_attempts": 2},
        s3={"addressing_style": "path"},
    )

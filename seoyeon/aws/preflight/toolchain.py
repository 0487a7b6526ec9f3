"""This machine: the settings, the CDK's command line, the environment."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cdk.settings import Settings, SettingsError
from seoyeon.aws.preflight.finding import Finding, Level


def read_context(root: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """cdk.json's context; `overrides` are `name=value`, as the CDK CLI takes them after -c."""
    context = json.loads((root / "cdk.json").read_text(encoding="utf-8"))["context"]
    pairs = (override.partition("=") for override in overrides)
    return {**context, **{name: value for name, _, value in pairs}}


def check_settings(context: Mapping[str, Any]) -> tuple[Settings | None, Finding]:
    try:
        settings = Settings.from_context(context)
    except SettingsError as error:
        return None, Finding(Level.NO_DEPLOY, "settings", str(error), "$EDITOR cdk.json")
    sentence = (
        f"cdk.json is sound, for the stage {settings.stage}; Bedrock is called in "
        f"{settings.bedrock_region}."
    )
    return settings, Finding(Level.OK, "settings", sentence)


def read_versions(root: Path) -> tuple[str, str | None]:
    """The CDK CLI's version as package.json pins it, and as it is installed."""
    pinned = json.loads((root / "package.json").read_text(encoding="utf-8"))
    installed = root / "node_modules" / "aws-cdk" / "package.json"
    try:
        found = str(json.loads(installed.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        found = None
    return pinned["dependencies"]["aws-cdk"], found


def check_cli(pinned: str, installed: str | None) -> Finding:
    if installed == pinned:
        return Finding(Level.OK, "CDK CLI", f"{installed}, as pinned.")
    found = f"{installed} is installed" if installed else "It is not installed"
    return Finding(
        Level.NO_DEPLOY,
        "CDK CLI",
        f"{found}, package.json pins {pinned}; another one may refuse what the app writes.",
        "rm -rf node_modules && make setup",
    )


def check_endpoints(environ: Mapping[str, str]) -> Finding | None:
    """An emulator's address left in the environment would be taken for AWS."""
    names = sorted(
        name for name in environ if name.startswith("AWS_ENDPOINT_URL") and environ[name]
    )
    if not names:
        return None
    return Finding(
        Level.NO_DEPLOY,
        "endpoint",
        f"{', '.join(names)} leads somewhere else than to AWS.",
        f"unset {' '.join(names)}",
    )

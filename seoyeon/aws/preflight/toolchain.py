"""Checks of this machine: the settings, the CDK CLI, the environment variables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cdk.settings import Settings, SettingsError
from seoyeon.aws.preflight.finding import Finding, Level


def read_context(root: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Return cdk.json's context with `overrides`, which are `name=value` as in `cdk -c`."""
    context = json.loads((root / "cdk.json").read_text(encoding="utf-8"))["context"]
    pairs = (override.partition("=") for override in overrides)
    return {**context, **{name: value for name, _, value in pairs}}


def check_settings(context: Mapping[str, Any]) -> tuple[Settings | None, Finding]:
    try:
        settings = Settings.from_context(context)
    except SettingsError as error:
        return None, Finding(Level.NO_DEPLOY, "settings", str(error), "$EDITOR cdk.json")
    sentence = (
        f"The settings are valid: stage {settings.stage}, Bedrock in {settings.bedrock_region}."
    )
    return settings, Finding(Level.OK, "settings", sentence)


def read_versions(root: Path) -> tuple[str, str | None]:
    """Return the CDK CLI's version in package.json and the installed one."""
    pinned = json.loads((root / "package.json").read_text(encoding="utf-8"))
    installed = root / "node_modules" / "aws-cdk" / "package.json"
    try:
        found = str(json.loads(installed.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        found = None
    return pinned["dependencies"]["aws-cdk"], found


def check_cli(pinned: str, installed: str | None) -> Finding:
    if installed == pinned:
        return Finding(Level.OK, "CDK CLI", f"Version {installed} is installed, as pinned.")
    found = f"Version {installed} is installed" if installed else "It is not installed"
    return Finding(
        Level.NO_DEPLOY,
        "CDK CLI",
        f"{found}, but package.json pins {pinned}; other versions may refuse the app's output.",
        "rm -rf node_modules && make setup",
    )


def check_endpoints(environ: Mapping[str, str]) -> Finding | None:
    """Return a finding if a variable redirects requests, for example to an emulator."""
    names = sorted(
        name for name in environ if name.startswith("AWS_ENDPOINT_URL") and environ[name]
    )
    if not names:
        return None
    verb = "redirects" if len(names) == 1 else "redirect"
    return Finding(
        Level.NO_DEPLOY,
        "endpoint",
        f"{', '.join(names)} {verb} requests to an endpoint other than AWS.",
        f"unset {' '.join(names)}",
    )

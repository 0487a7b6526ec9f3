"""What a deployment can be told: cdk.json's context, overridable by `cdk -c name=value`."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self
from urllib.parse import urlsplit

from cdk.bedrock_models import BedrockModel, UnknownModelError

# The retention periods that CloudWatch Logs accepts.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
# Llama 3's own ceiling for one answer, in tokens.
MAX_GEN_LEN = 2048


class SettingsError(ValueError):
    """A setting is missing or wrong: the deployer's to mend; the text says how."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, checked. Days are whole days, `max_gen_len` is in tokens."""

    target: str
    model_ids: tuple[str, ...]
    bedrock_region: str
    max_gen_len: int
    temperature: float
    top_p: float
    window_exchanges: int
    history_days: int
    auth: str
    log_days: int
    architecture: str
    bedrock_endpoint_url: str | None = None
    local_endpoint_url: str | None = None

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read and check the context; the first fault raises SettingsError."""
        _check_spelling(context, [field.name for field in fields(cls)])
        values = _Context(context)
        settings = cls(
            target=values.choice("target", ("aws", "local")),
            model_ids=values.items("model_ids"),
            bedrock_region=values.matching("bedrock_region", r"[a-z]{2}(-[a-z]+)+-\d", "us-west-2"),
            max_gen_len=values.whole("max_gen_len", 1, MAX_GEN_LEN),
            temperature=values.number("temperature", 0, 1),
            top_p=values.number("top_p", 0, 1),
            window_exchanges=values.whole("window_exchanges", 0, 100),
            history_days=values.whole("history_days", 1, 3650),
            auth=values.choice("auth", ("guest",)),
            log_days=values.listed("log_days", LOG_DAYS),
            architecture=values.choice("architecture", ("arm64", "x86_64")),
            bedrock_endpoint_url=values.url("bedrock_endpoint_url"),
            local_endpoint_url=values.url("local_endpoint_url"),
        )
        _check_models(settings)
        _check_endpoints(settings)
        return settings

    @property
    def models(self) -> tuple[BedrockModel, ...]:
        """The models behind `model_ids`, in order of preference."""
        return tuple(BedrockModel.parse(model_id) for model_id in self.model_ids)


class _Context:
    """Reads one value at a time; cdk.json gives JSON types, `-c` gives text."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context

    def text(self, name: str) -> str:
        value = self._context.get(name)
        if value is None or str(value).strip() == "":
            raise _fault(name, "is not set", "give it a value")
        return str(value).strip()

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in allowed:
            raise _fault(name, f"is '{value}'", f"use {' or '.join(allowed)}")
        return value

    def matching(self, name: str, pattern: str, example: str) -> str:
        value = self.text(name)
        if not re.fullmatch(pattern, value):
            raise _fault(name, f"is '{value}'", f"write it like {example}")
        return value

    def items(self, name: str) -> tuple[str, ...]:
        return tuple(item.strip() for item in self.text(name).split(","))

    def number(self, name: str, low: float, high: float) -> float:
        value = self.text(name)
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        # Written so that NaN fails.
        if not low <= number <= high:
            raise _fault(name, f"is '{value}'", f"use a number from {low} to {high}")
        return number

    def whole(self, name: str, low: int, high: int) -> int:
        value = self.text(name)
        if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
            raise _fault(name, f"is '{value}'", f"use a whole number from {low} to {high}")
        return int(value)

    def listed(self, name: str, allowed: tuple[int, ...]) -> int:
        value = self.text(name)
        if value not in map(str, allowed):
            raise _fault(name, f"is '{value}'", f"use one of {', '.join(map(str, allowed))}")
        return int(value)

    def url(self, name: str) -> str | None:
        value = str(self._context.get(name) or "").strip()
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _fault(name, f"is '{value}'", "write it like http://localhost:4566")
        return value.rstrip("/")


def _check_spelling(context: Mapping[str, Any], names: list[str]) -> None:
    """A misspelt `-c` would otherwise be ignored in silence."""
    for key in context:
        close = difflib.get_close_matches(key, names, n=1, cutoff=0.8)
        if close and key not in names:
            raise SettingsError(f"there is no setting '{key}'; did you mean {close[0]}?")


def _check_models(settings: Settings) -> None:
    for model_id in settings.model_ids:
        try:
            model = BedrockModel.parse(model_id)
        except UnknownModelError as error:
            raise _fault("model_ids", f"holds '{model_id}'", str(error)) from error
        if model.regions and settings.bedrock_region not in model.regions:
            usable = ", ".join(model.regions)
            raise _fault(
                "bedrock_region",
                f"is '{settings.bedrock_region}'",
                f"{model_id} can be called from {usable}",
            )


def _check_endpoints(settings: Settings) -> None:
    if settings.target == "local" and not settings.local_endpoint_url:
        raise _fault("local_endpoint_url", "is not set", "the target local needs MiniStack's URL")
    if settings.target == "aws":
        for name in ("bedrock_endpoint_url", "local_endpoint_url"):
            if getattr(settings, name):
                raise _fault(name, "is set", "only the target local takes it: leave it out")


def _fault(name: str, found: str, remedy: str) -> SettingsError:
    return SettingsError(f"{name} {found}; {remedy} (in cdk.json, or with -c {name}=...).")

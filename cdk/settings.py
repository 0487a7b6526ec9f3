"""Deployment settings: the context in cdk.json, which `-c name=value` overrides."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self
from urllib.parse import urlsplit

from chat_ws.models import ModelId, UnknownModelError

from cdk.capacity import MAX_DOCUMENT_MEGABYTES

# The retention periods that CloudWatch Logs accepts.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
# Bedrock's pattern: an id, or the ARN of a guardrail that another account shares.
GUARDRAIL = r"[a-z0-9]+|arn:aws(-[a-z-]+)?:bedrock:[a-z0-9-]+:\d{12}:guardrail/[a-z0-9]+"
MAX_GEN_LEN = 2_048  # the output limit of Llama 3, the lowest in models.json
DOMAIN = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"


class SettingsError(ValueError):
    """A setting is missing or invalid; the message names it, the reason and the next step."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Valid settings; docs/operations.md describes each.

    `max_gen_len`, `document_tokens` and the quotas of tokens are in tokens, `daily_cost_alarm` and
    `monthly_budget` in dollars. Rates are requests of all clients in a second, bursts requests at
    once. An optional setting is None or empty where it is not set.
    """

    target: str
    stage: str
    model_ids: tuple[str, ...]
    bedrock_region: str
    max_gen_len: int
    temperature: float
    top_p: float
    window_exchanges: int
    titles: bool
    history_days: int
    daily_messages: int
    daily_tokens: int
    daily_tokens_per_user: int
    documents: bool
    document_megabytes: int
    conversation_documents: int
    documents_per_day: int
    daily_documents: int
    document_tokens: int
    sharing: str
    shares_per_day: int
    daily_shares: int
    feedback: bool
    ratings_per_day: int
    daily_ratings: int
    frame_rate: int
    frame_burst: int
    connect_rate: int
    connect_burst: int
    history_rate: int
    history_burst: int
    shared_rate: int
    shared_burst: int
    worker_concurrency: int
    guardrail_id: str | None
    guardrail_version: str
    auth: str
    self_sign_up: bool
    email_domains: tuple[str, ...]
    mfa: str
    domain_name: str | None
    certificate_arn: str | None
    alarm_email: str | None
    daily_cost_alarm: float
    monthly_budget: int
    log_days: int
    architecture: str
    bedrock_endpoint_url: str | None = None
    local_endpoint_url: str | None = None
    local_page_url: str | None = None

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read and validate the context. Raise SettingsError for the first invalid setting."""
        _check_spelling(context, [field.name for field in fields(cls)])
        values = _Context(context)
        settings = cls(
            target=values.choice("target", ("aws", "local")),
            stage=values.matching("stage", r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", "prod"),
            model_ids=values.comma_separated("model_ids"),
            bedrock_region=values.matching("bedrock_region", r"[a-z]{2}(-[a-z]+)+-\d", "us-west-2"),
            max_gen_len=values.integer("max_gen_len", 1, MAX_GEN_LEN),
            temperature=values.number("temperature", 0, 1),
            top_p=values.number("top_p", 0, 1),
            window_exchanges=values.integer("window_exchanges", 0, 100),
            titles=values.boolean("titles"),
            history_days=values.integer("history_days", 1, 3650),
            daily_messages=values.integer("daily_messages", 0, 1_000_000),
            daily_tokens=values.integer("daily_tokens", 0, 999_999_999),
            daily_tokens_per_user=values.integer("daily_tokens_per_user", 0, 999_999_999),
            documents=values.boolean("documents"),
            document_megabytes=values.integer("document_megabytes", 1, MAX_DOCUMENT_MEGABYTES),
            conversation_documents=values.integer("conversation_documents", 1, 20),
            documents_per_day=values.integer("documents_per_day", 1, 1_000),
            daily_documents=values.integer("daily_documents", 1, 1_000_000),
            document_tokens=values.integer("document_tokens", 1_000, 200_000),
            sharing=values.choice("sharing", ("accounts", "everyone", "off")),
            shares_per_day=values.integer("shares_per_day", 1, 1_000),
            daily_shares=values.integer("daily_shares", 1, 1_000_000),
            feedback=values.boolean("feedback"),
            ratings_per_day=values.integer("ratings_per_day", 1, 1_000),
            daily_ratings=values.integer("daily_ratings", 1, 1_000_000),
            frame_rate=values.integer("frame_rate", 1, 10_000),
            frame_burst=values.integer("frame_burst", 1, 5_000),
            connect_rate=values.integer("connect_rate", 1, 10_000),
            connect_burst=values.integer("connect_burst", 1, 5_000),
            history_rate=values.integer("history_rate", 1, 10_000),
            history_burst=values.integer("history_burst", 1, 5_000),
            shared_rate=values.integer("shared_rate", 1, 10_000),
            shared_burst=values.integer("shared_burst", 1, 5_000),
            worker_concurrency=values.integer("worker_concurrency", 0, 10_000),
            guardrail_id=values.optional_matching("guardrail_id", GUARDRAIL, "gr1abc2def3h"),
            guardrail_version=values.matching("guardrail_version", r"DRAFT|[1-9]\d{0,7}", "DRAFT"),
            auth=values.choice("auth", ("guest", "cognito")),
            self_sign_up=values.boolean("self_sign_up"),
            email_domains=values.domains("email_domains"),
            mfa=values.choice("mfa", ("optional", "off", "required")),
            domain_name=values.optional_matching("domain_name", DOMAIN, "chat.example.com"),
            certificate_arn=values.optional_matching(
                "certificate_arn",
                r"arn:aws(-[a-z-]+)?:acm:us-east-1:\d{12}:certificate/[0-9a-f-]+",
                # CloudFront takes no certificate of another region.
                "arn:aws:acm:us-east-1:123456789012:certificate/1b2c3d4e",
            ),
            alarm_email=values.optional_matching(
                "alarm_email", rf"[^@\s]+@{DOMAIN}", "team@example.com"
            ),
            daily_cost_alarm=values.number("daily_cost_alarm", 0.01, 1_000_000),
            monthly_budget=values.integer("monthly_budget", 0, 1_000_000),
            log_days=values.one_of("log_days", LOG_DAYS),
            architecture=values.choice("architecture", ("arm64", "x86_64")),
            bedrock_endpoint_url=values.url("bedrock_endpoint_url"),
            local_endpoint_url=values.url("local_endpoint_url"),
            local_page_url=values.url("local_page_url"),
        )
        _check_models(settings)
        _check_domain(settings)
        _check_sign_up(settings)
        _check_budget(settings)
        _check_endpoints(settings)
        return settings

    @property
    def has_shares(self) -> bool:
        """Return whether users may share conversations."""
        return self.sharing == "everyone" or (self.sharing, self.auth) == ("accounts", "cognito")

    @property
    def models(self) -> tuple[ModelId, ...]:
        """Return the models of `model_ids`, in order of preference."""
        return tuple(map(ModelId.parse, self.model_ids))


class _Context:
    """The context's values: JSON types from cdk.json, strings from `-c`."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context

    def text(self, name: str) -> str:
        value = self._context.get(name)
        if value is None or str(value).strip() == "":
            raise _error(name, "is not set", "the stacks need it: give it a value")
        return str(value).strip()

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in allowed:
            raise _error(name, f"is '{value}'", f"use {' or '.join(allowed)}")
        return value

    def matching(self, name: str, pattern: str, example: str) -> str:
        value = self.text(name)
        if not re.fullmatch(pattern, value):
            raise _error(name, f"is '{value}'", f"write it like {example}")
        return value

    def optional_matching(self, name: str, pattern: str, example: str) -> str | None:
        if not str(self._context.get(name) or "").strip():
            return None
        return self.matching(name, pattern, example)

    def boolean(self, name: str) -> bool:
        # True from cdk.json, "true" from the command line.
        value = self.text(name).lower()
        if value not in ("true", "false"):
            raise _error(name, f"is '{value}'", "use true or false")
        return value == "true"

    def domains(self, name: str) -> tuple[str, ...]:
        if not str(self._context.get(name) or "").strip():
            return ()
        found = self.comma_separated(name)
        for item in found:
            if not re.fullmatch(DOMAIN, item):
                raise _error(name, f"holds '{item}'", "write it like example.com,example.org")
        return found

    def comma_separated(self, name: str) -> tuple[str, ...]:
        return tuple(item.strip() for item in self.text(name).split(","))

    def number(self, name: str, low: float, high: float) -> float:
        value = self.text(name)
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        # False for NaN, too.
        if not low <= number <= high:
            raise _error(name, f"is '{value}'", f"use a number from {low} to {high}")
        return number

    def integer(self, name: str, low: int, high: int) -> int:
        value = self.text(name)
        if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
            raise _error(name, f"is '{value}'", f"use a whole number from {low} to {high}")
        return int(value)

    def one_of(self, name: str, allowed: tuple[int, ...]) -> int:
        value = self.text(name)
        if value not in map(str, allowed):
            raise _error(name, f"is '{value}'", f"use one of {', '.join(map(str, allowed))}")
        return int(value)

    def url(self, name: str) -> str | None:
        value = str(self._context.get(name) or "").strip()
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _error(name, f"is '{value}'", "write it like http://localhost:4566")
        return value.rstrip("/")


def _check_spelling(context: Mapping[str, Any], names: list[str]) -> None:
    """Reject near misses of a setting's name; the CDK accepts any context key."""
    for key in context:
        close = difflib.get_close_matches(key, names, n=1, cutoff=0.8)
        if close and key not in names:
            raise SettingsError(
                f"there is no setting '{key}'; did you mean {close[0]}? "
                "Correct it in cdk.json or after -c."
            )


def _check_models(settings: Settings) -> None:
    for model_id in settings.model_ids:
        try:
            model = ModelId.parse(model_id)
        except UnknownModelError as error:
            raise _error("model_ids", f"holds '{model_id}'", str(error)) from error
        if not model.callable_from(settings.bedrock_region):
            usable = ", ".join(model.regions)
            raise _error(
                "bedrock_region",
                f"is '{settings.bedrock_region}'",
                f"{model_id} can be called from {usable}",
            )


def _check_domain(settings: Settings) -> None:
    if settings.domain_name and not settings.certificate_arn:
        raise _error(
            "certificate_arn",
            "is not set",
            "domain_name needs a certificate: give the ARN of one in us-east-1 for it",
        )
    if settings.certificate_arn and not settings.domain_name:
        raise _error(
            "domain_name",
            "is not set",
            "certificate_arn needs a domain: give its name, or remove certificate_arn",
        )


def _check_sign_up(settings: Settings) -> None:
    """Reject `email_domains` for guests: it would restrict a sign-up that they do not have."""
    if settings.email_domains and settings.auth != "cognito":
        raise _error(
            "email_domains",
            "is set",
            "guests do not sign up: use it with auth cognito only, or remove it",
        )


def _check_budget(settings: Settings) -> None:
    if settings.monthly_budget and not settings.alarm_email:
        raise _error(
            "alarm_email",
            "is not set",
            "monthly_budget sends its warnings there: give an address, or remove monthly_budget",
        )


def _check_endpoints(settings: Settings) -> None:
    if settings.target == "local" and not settings.local_endpoint_url:
        raise _error(
            "local_endpoint_url",
            "is not set",
            "target local needs MiniStack's URL: use 'make run', which sets it",
        )
    if settings.target == "local" and settings.auth == "cognito" and not settings.local_page_url:
        raise _error(
            "local_page_url",
            "is not set",
            "the sign-in redirects to it: use 'make run', which sets it",
        )
    if settings.target == "aws":
        for name in ("bedrock_endpoint_url", "local_endpoint_url", "local_page_url"):
            if getattr(settings, name):
                raise _error(name, "is set", "only target local supports it: leave it out")


def _error(name: str, problem: str, remedy: str) -> SettingsError:
    return SettingsError(f"{name} {problem}; {remedy} (in cdk.json, or with -c {name}=...).")

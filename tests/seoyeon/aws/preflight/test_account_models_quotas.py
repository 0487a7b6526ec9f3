"""Each check on its own, with made-up snapshots of an account and a machine."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from chat_ws.models import ModelId

from seoyeon import ROOT
from seoyeon.aws.preflight import account, models, quotas, toolchain
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import (
    Caller,
    Concurrency,
    FoundationModel,
    InferenceProfile,
    ModelAccess,
    ModelSnapshot,
    Quota,
    Unread,
)

REGION = "us-west-2"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
DIRECT = ModelId.parse("meta.llama3-70b-instruct-v1:0")
ROUTED = ModelId.parse("us.meta.llama3-3-70b-instruct-v1:0")
CLAUDE = ModelId.parse("anthropic.claude-3-haiku-20240307-v1:0")
GLOBAL = ModelId.parse("global.amazon.nova-2-lite-v1:0")
ON_DEMAND, TEXT = frozenset({"ON_DEMAND"}), frozenset({"TEXT"})
LLAMA = FoundationModel("Llama 3 70B Instruct", "Meta", "ACTIVE", ON_DEMAND, TEXT, streams=True)
OPEN = ModelAccess("AVAILABLE", "AUTHORIZED", "AVAILABLE", "AVAILABLE")
GOOD = ModelSnapshot(LLAMA, OPEN)
GONE = ModelSnapshot(Unread("bedrock:GetFoundationModel", "ResourceNotFoundException"), OPEN)
DENIED = Unread("any:Action", "AccessDeniedException")


# This machine


def test_the_repository_s_own_settings_are_sound() -> None:
    settings, finding = toolchain.check_settings(toolchain.read_context(ROOT, []))
    assert finding.level is Level.OK
    assert settings is not None


def test_a_wrong_setting_stops_a_deploy_and_is_quoted() -> None:
    context = toolchain.read_context(ROOT, ["history_days=never"])
    settings, finding = toolchain.check_settings(context)
    assert settings is None
    assert finding.level is Level.NO_DEPLOY
    assert "never" in finding.sentence


def test_an_override_may_hold_an_equals_sign() -> None:
    assert toolchain.read_context(ROOT, ["auth=a=b"])["auth"] == "a=b"


def test_the_pinned_cli_is_the_installed_one() -> None:
    pinned, installed = toolchain.read_versions(ROOT)
    assert toolchain.check_cli(pinned, installed).level is Level.OK


@pytest.mark.parametrize("installed", ["3.0.0", None])
def test_another_cli_or_none_stops_a_deploy(installed: str | None) -> None:
    finding = toolchain.check_cli("2.1148.1", installed)
    assert finding.level is Level.NO_DEPLOY
    assert "2.1148.1" in finding.sentence
    assert finding.command
    assert "make setup" in finding.command


def test_an_emulator_s_address_in_the_environment_stops_a_deploy() -> None:
    finding = toolchain.check_endpoints({"AWS_ENDPOINT_URL_S3": "http://localhost:1", "HOME": "/"})
    assert finding == Finding(
        Level.NO_DEPLOY,
        "endpoint",
        "AWS_ENDPOINT_URL_S3 redirects requests to an endpoint other than AWS.",
        "unset AWS_ENDPOINT_URL_S3",
    )
    assert toolchain.check_endpoints({"AWS_ENDPOINT_URL": "", "AWS_REGION": REGION}) is None


# Account


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, "a"),
        ({"AWS_DEFAULT_REGION": "b"}, "b"),
        ({"AWS_REGION": ""}, "profile"),
    ],
)
def test_the_region_is_the_one_that_the_cdk_takes(
    environ: Mapping[str, str], expected: str
) -> None:
    assert account.region_of(environ, "profile") == expected


@pytest.mark.parametrize(
    ("region", "level"),
    [(REGION, Level.OK), (None, Level.WARNING), ("us-wst-2", Level.NO_DEPLOY)],
)
def test_a_region_has_to_exist(region: str | None, level: Level) -> None:
    assert account.check_region(region, {REGION}).level is level


def test_the_caller_and_the_account_are_said() -> None:
    finding = account.check_caller(Caller("123456789012", "arn:aws:iam::123456789012:user/me"))
    assert finding.level is Level.OK
    assert "user/me" in finding.sentence
    assert "123456789012" in finding.sentence


def test_the_root_user_is_advised_against() -> None:
    finding = account.check_caller(Caller("123456789012", "arn:aws:iam::123456789012:root"))
    assert finding.level is Level.WARNING


@pytest.mark.parametrize(
    ("code", "word", "command"),
    [
        ("ExpiredToken", "expired", "aws sso login"),
        ("UnauthorizedSSOTokenError", "expired", "aws sso login"),
        ("LoginRefreshRequired", "has expired", "aws login"),
        ("LoginTokenLoadError", "missing or has expired", "aws login"),
        ("LoginError", "'aws login'", "aws login"),
        (
            "LoginInsufficientPermissions",
            "signin:CreateOAuth2Token",
            "aws login  # after an administrator has attached the policy",
        ),
        ("MissingDependencyException", "awscrt", "make setup"),
        ("NoCredentialsError", "missing or incomplete", "aws configure sso"),
        ("ProfileNotFound", "AWS_PROFILE", "aws configure list-profiles"),
        ("EndpointConnectionError", "cannot be reached", "curl -sI https://sts.amazonaws.com"),
        ("InvalidClientTokenId", "rejects", "aws sts get-caller-identity"),
    ],
)
def test_each_fault_of_credentials_has_its_own_remedy(code: str, word: str, command: str) -> None:
    finding = account.check_caller(Unread("sts:GetCallerIdentity", code))
    assert finding.level is Level.NO_DEPLOY
    assert word in finding.sentence
    assert finding.command == command


@pytest.mark.parametrize(
    ("version", "level"),
    [
        (6, Level.OK),
        (33, Level.OK),
        (5, Level.WARNING),
        (Unread("ssm:GetParameter", "ParameterNotFound"), Level.WARNING),
        (DENIED, Level.WARNING),
    ],
)
def test_a_bootstrap_below_version_6_is_left_to_the_deploy(
    version: int | Unread, level: Level
) -> None:
    finding = account.check_bootstrap(version, "123456789012", REGION)
    assert finding.level is level
    if isinstance(version, Unread) and version.absent:
        assert "AdministratorAccess" in finding.sentence
    if account.needs_bootstrap(version):
        assert (finding.command or "").startswith("make deploy")


@pytest.mark.parametrize(
    ("version", "needed"),
    [
        (6, False),
        (5, True),
        (Unread("ssm:GetParameter", "ParameterNotFound"), True),
        (DENIED, False),
    ],
)
def test_a_region_is_prepared_only_if_it_is_known_not_to_be(
    version: int | Unread, needed: bool
) -> None:
    assert account.needs_bootstrap(version) is needed


# Models


def check(snapshot: ModelSnapshot, model: ModelId = DIRECT) -> Finding:
    return models.check_model(model, snapshot, REGION, NOW)


def test_an_active_and_open_model_is_fine() -> None:
    assert check(GOOD).level is Level.OK
    assert check(GOOD).subject == str(DIRECT)


def test_a_model_that_the_region_does_not_know_stops_a_chat() -> None:
    finding = check(GONE)
    assert finding.level is Level.NO_CHAT
    assert "model_ids" in finding.sentence


def test_a_legacy_model_is_warned_of_with_its_last_day() -> None:
    legacy = replace(LLAMA, status="LEGACY", end=datetime(2027, 3, 1, tzinfo=UTC))
    finding = check(replace(GOOD, model=legacy))
    assert finding.level is Level.WARNING
    assert "2027-03-01" in finding.sentence
    assert "may refuse it to an account that has not called it lately" in finding.sentence


def test_a_legacy_model_past_its_last_day_stops_a_chat() -> None:
    retired = replace(LLAMA, status="LEGACY", end=datetime(2026, 11, 1, tzinfo=UTC))
    assert check(replace(GOOD, model=retired)).level is Level.NO_CHAT


def test_a_model_that_only_a_profile_reaches_cannot_be_named_by_itself() -> None:
    routed = replace(LLAMA, inference_types=frozenset({"INFERENCE_PROFILE"}))
    finding = check(replace(GOOD, model=routed))
    assert finding.level is Level.NO_CHAT
    assert "inference profile" in finding.sentence
    profile = InferenceProfile("ACTIVE", frozenset(ROUTED.regions))
    assert check(ModelSnapshot(routed, OPEN, profile), ROUTED).level is Level.OK


def test_a_missing_profile_stops_a_chat() -> None:
    missing = Unread("bedrock:GetInferenceProfile", "ResourceNotFoundException")
    finding = check(replace(GOOD, profile=missing), ROUTED)
    assert finding.level is Level.NO_CHAT
    assert finding.command
    assert "list-inference-profiles" in finding.command


def test_a_profile_that_has_grown_beyond_the_policy_is_warned_of() -> None:
    grown = InferenceProfile("ACTIVE", frozenset({*ROUTED.regions, "ca-central-1"}))
    finding = check(replace(GOOD, profile=grown), ROUTED)
    assert finding.level is Level.WARNING
    assert "ca-central-1" in finding.sentence


def test_a_global_profile_may_call_the_region_it_is_called_from() -> None:
    profile = InferenceProfile("ACTIVE", frozenset({"", REGION}))
    assert check(replace(GOOD, profile=profile), GLOBAL).level is Level.OK
    assert (
        check(
            replace(GOOD, profile=InferenceProfile("ACTIVE", frozenset({"", "eu-west-1"}))), GLOBAL
        ).level
        is Level.WARNING
    )


@pytest.mark.parametrize("model", [DIRECT, CLAUDE], ids=["Llama", "another"])
@pytest.mark.parametrize(
    ("known", "word"),
    [
        (replace(LLAMA, outputs=frozenset({"EMBEDDING"})), "text"),
        (replace(LLAMA, streams=False), "stream"),
    ],
)
def test_a_model_that_does_not_talk_stops_a_chat(
    model: ModelId, known: FoundationModel, word: str
) -> None:
    finding = check(replace(GOOD, model=known), model)
    assert finding.level is Level.NO_CHAT
    assert word in finding.sentence
    assert "responseStreamingSupported" in (finding.command or "")


def test_of_two_faults_the_one_that_stops_is_told() -> None:
    grown = InferenceProfile("ACTIVE", frozenset({"ca-central-1"}))
    closed = replace(OPEN, authorization="NOT_AUTHORIZED")
    assert check(ModelSnapshot(LLAMA, closed, grown), ROUTED).level is Level.NO_CHAT


def test_a_profile_may_reach_a_model_that_the_region_itself_has_not() -> None:
    profile = InferenceProfile("ACTIVE", frozenset(ROUTED.regions))
    elsewhere = ModelSnapshot(GONE.model, replace(OPEN, region="NOT_AVAILABLE"), profile)
    assert check(elsewhere, ROUTED).level is Level.WARNING


@pytest.mark.parametrize(
    ("access", "level"),
    [
        (replace(OPEN, region="NOT_AVAILABLE"), Level.NO_CHAT),
        (replace(OPEN, authorization="NOT_AUTHORIZED"), Level.NO_CHAT),
        (replace(OPEN, entitlement="NOT_AVAILABLE"), Level.NO_CHAT),
        (replace(OPEN, agreement="PENDING"), Level.WARNING),
    ],
)
def test_access_that_bedrock_denies_is_told(access: ModelAccess, level: Level) -> None:
    finding = check(replace(GOOD, access=access))
    assert finding.level is level
    assert finding.command


def test_a_model_of_anthropic_without_a_subscription_stops_a_chat() -> None:
    finding = check(replace(GOOD, access=replace(OPEN, agreement="NOT_AVAILABLE")), CLAUDE)
    assert finding.level is Level.NO_CHAT
    assert "has not subscribed to Anthropic's models" in finding.sentence


def test_what_may_not_be_read_is_a_warning_not_a_verdict() -> None:
    finding = check(replace(GOOD, access=DENIED))
    assert finding.level is Level.WARNING
    assert "any:Action" in finding.sentence


def test_while_one_model_answers_the_others_only_warn() -> None:
    levels = [
        finding.level
        for finding in models.check_models([(DIRECT, GONE), (ROUTED, GOOD)], REGION, NOW)
    ]
    assert levels == [Level.WARNING, Level.OK]


def test_with_no_model_left_a_first_chat_stops() -> None:
    findings = models.check_models([(DIRECT, GONE), (DIRECT, GONE)], REGION, NOW)
    assert {finding.level for finding in findings} == {Level.NO_CHAT}


def test_a_model_that_reads_more_for_less_is_recommended_as_the_first() -> None:
    finding = models.check_order([DIRECT, ROUTED])
    assert finding == Finding(
        Level.ADVICE,
        "model_ids",
        "Llama 3.3 70B has a context of 128,000 tokens, Llama 3 70B one of 8,192, and costs 25% of "
        "it: in a new deployment, put it first.",
        f'make deploy ARGS="-c model_ids={ROUTED},{DIRECT}"',
    )


@pytest.mark.parametrize(
    "order",
    [[ROUTED, DIRECT], [DIRECT], [CLAUDE, ROUTED], [DIRECT, CLAUDE]],
    ids=["in order", "alone", "no price of the first", "no price of the other"],
)
def test_no_other_order_is_recommended(order: list[ModelId]) -> None:
    assert models.check_order(order) is None


# Quotas


@pytest.mark.parametrize(
    ("free", "level"),
    [(1_000, Level.OK), (100, Level.OK), (10, Level.WARNING), (3, Level.NO_CHAT)],
)
def test_concurrency_has_to_carry_one_chat_and_should_carry_many(free: int, level: Level) -> None:
    finding = quotas.check_concurrency(Concurrency(limit=1_000, unreserved=free), REGION)
    assert finding.level is level
    assert (finding.command is None) == (level is Level.OK)


@pytest.mark.parametrize(("value", "level"), [(500, Level.OK), (10, Level.WARNING)])
def test_a_small_rate_of_connections_is_told_with_the_request_to_raise_it(
    value: float, level: Level
) -> None:
    service, code = quotas.CONNECTIONS
    finding = quotas.check_connections(Quota(service, code, "WebSocket", value), REGION)
    assert finding.level is level
    if finding.command:
        assert f"--quota-code {code}" in finding.command


def tokens(value: float, name: str = "On-demand model inference tokens per minute for ") -> Quota:
    return Quota("bedrock", "L-T", f"{name}Meta Llama 3 70B Instruct", value)


@pytest.mark.parametrize(
    ("value", "level"),
    [(300_000, Level.OK), (20_000, Level.WARNING), (0, Level.NO_CHAT)],
)
def test_tokens_a_minute_are_told_as_answers(value: float, level: Level) -> None:
    finding = quotas.check_tokens(DIRECT, LLAMA, [tokens(value)], REGION)
    assert finding
    assert finding.level is level


def test_a_model_s_quota_is_found_by_its_whole_name_and_way() -> None:
    others = [
        tokens(1, "On-demand model inference requests per minute for "),
        tokens(2, "Cross-Region model inference tokens per minute for "),
        Quota("bedrock", "L-T", "On-demand model inference tokens per minute for Meta Llama 3", 3),
    ]
    listed = [*others, tokens(4)]

    def value(*, by_profile: bool) -> float | None:
        found = quotas.find_quota(listed, "tokens", LLAMA, by_profile=by_profile)
        return found.value if found else None

    assert value(by_profile=False) == 4
    assert value(by_profile=True) == 2
    assert quotas.find_quota(others[:1], "tokens", LLAMA, by_profile=False) is None


def test_a_quota_that_service_quotas_does_not_name_is_a_warning() -> None:
    finding = quotas.check_tokens(DIRECT, LLAMA, [], REGION)
    assert finding
    assert finding.level is Level.WARNING


def test_a_model_that_could_not_be_read_has_no_quota_to_look_for() -> None:
    assert quotas.check_tokens(DIRECT, DENIED, [], REGION) is None


# Reserved workers


@pytest.mark.parametrize(
    ("limit", "unreserved", "own", "level", "text"),
    [
        (1_000, 1_000, 0, Level.OK, "up to 900 are possible"),
        (1_000, 120, 0, Level.OK, "up to 20 are possible"),
        (1_000, 110, 0, Level.NO_DEPLOY, "10 are possible beside other functions"),
        (1_000, 110, DENIED, Level.WARNING, "any:Action failed with AccessDenied"),
        (1_000, 980, DENIED, Level.OK, "up to 880 are possible"),
        (10, 10, 0, Level.NO_DEPLOY, "Lambda keeps 100 unreserved of the account's 10"),
        (119, 119, 0, Level.NO_DEPLOY, "set it to 0"),
    ],
)
def test_what_can_be_reserved_is_what_lambda_does_not_keep(
    limit: int, unreserved: int, own: int | Unread, level: Level, text: str
) -> None:
    finding = quotas.check_reserved(Concurrency(limit, unreserved), own, 20, REGION)
    assert finding
    assert finding.level is level
    assert text in finding.sentence


def test_what_a_stage_has_reserved_itself_does_not_stop_its_next_deployment() -> None:
    finding = quotas.check_reserved(Concurrency(120, 100), 20, 20, REGION)
    assert finding
    assert finding.level is Level.OK
    assert "up to 20 are possible" in finding.sentence


def test_nothing_is_said_of_reserving_where_nothing_is_reserved() -> None:
    assert quotas.check_reserved(Concurrency(10, 10), 0, 0, REGION) is None
    assert quotas.check_reserved(DENIED, 0, 20, REGION) is None

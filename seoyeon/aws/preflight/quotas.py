"""Checks of quotas: concurrent executions, connections, requests and tokens."""

from collections.abc import Sequence

from chat_ws.models import ModelId

from seoyeon.aws.preflight.account import unread
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import Concurrency, FoundationModel, Quota, Unread

# Codes of Service Quotas, the same in every region.
CONCURRENCY = ("lambda", "L-B99A9384")
CONNECTIONS = ("apigateway", "L-9ED1E49A")
REQUESTS = ("apigateway", "L-8A5B8E43")

# One chat runs the authorizer, routes, worker and history functions at the same time.
MIN_CONCURRENCY = 4
# Lambda keeps this many executions unreserved.
MIN_UNRESERVED = 100
# About 40 simultaneous answers: one worker and a few short calls each. New accounts have 10.
RECOMMENDED_CONCURRENCY = 100
# Per second: all clients reconnect at the same time after a network failure.
RECOMMENDED_CONNECTIONS = 50
# Per second: an answer sends about 20 frames a second, and each counts as a request.
RECOMMENDED_REQUESTS = 1_000
# Bedrock reserves the prompt and `max_gen_len` when a call begins; docs/cost.md has the sizes.
ANSWER_TOKENS = 3_000
RECOMMENDED_ANSWERS = 10  # per minute


def check_concurrency(concurrency: Concurrency | Unread, region: str) -> Finding:
    subject = "Lambda concurrency"
    if isinstance(concurrency, Unread):
        return unread(subject, concurrency)
    free = concurrency.unreserved
    available = f"{free} of the account's {concurrency.limit} executions are unreserved"
    if free < MIN_CONCURRENCY:
        return Finding(
            Level.NO_CHAT,
            subject,
            f"{available}: too few for one chat.",
            _increase_command(CONCURRENCY, region),
        )
    if free < RECOMMENDED_CONCURRENCY:
        return Finding(
            Level.WARNING,
            subject,
            f"{available}: enough for about {free // 2} simultaneous answers.",
            _increase_command(CONCURRENCY, region),
        )
    return Finding(Level.OK, subject, f"{available}.")


def check_reserved(
    concurrency: Concurrency | Unread, own: int | Unread, wanted: int, region: str
) -> Finding | None:
    """Check the setting worker_concurrency; return None if it is 0 or the limit is unknown.

    `own` is the reservation of this stage's worker, which a deployment replaces by `wanted`.
    """
    if not wanted or isinstance(concurrency, Unread):
        return None
    subject = "worker_concurrency"
    free = concurrency.unreserved + (0 if isinstance(own, Unread) else own)
    available = max(0, free - MIN_UNRESERVED)
    request = f"The worker reserves {wanted} executions"
    if wanted <= available:
        return Finding(Level.OK, subject, f"{request}; up to {available} are possible.")
    command = _increase_command(CONCURRENCY, region, wanted + MIN_UNRESERVED)
    rule = f"Lambda keeps {MIN_UNRESERVED} unreserved"
    if wanted > concurrency.limit - MIN_UNRESERVED:
        sentence = (
            f"{request}, but {rule} of the account's {concurrency.limit}: set it to 0, or request "
            "an increase."
        )
        return Finding(Level.NO_DEPLOY, subject, sentence, command)
    if isinstance(own, Unread):
        sentence = (
            f"{request}; {available} are possible, as {rule}. The worker's present reservation "
            f"could not be checked: {own.action} failed with {own.code}."
        )
        return Finding(Level.WARNING, subject, sentence, command)
    sentence = f"{request}; {available} are possible beside other functions, as {rule}."
    return Finding(Level.NO_DEPLOY, subject, sentence, command)


def check_connections(quota: Quota | Unread, region: str) -> Finding:
    return _check_rate(
        "WebSocket connections", quota, RECOMMENDED_CONNECTIONS, "new per second", region
    )


def check_requests(quota: Quota | Unread, region: str) -> Finding:
    return _check_rate(
        "API Gateway requests",
        quota,
        RECOMMENDED_REQUESTS,
        "per second, frames included",
        region,
    )


def _check_rate(
    subject: str, quota: Quota | Unread, recommended: float, unit: str, region: str
) -> Finding:
    if isinstance(quota, Unread):
        return unread(subject, quota)
    rate = f"{quota.value:,.0f} {unit}"
    if quota.value < recommended:
        command = _increase_command((quota.service, quota.code), region, recommended)
        return Finding(Level.WARNING, subject, f"{rate}: low for a busy site.", command)
    return Finding(Level.OK, subject, f"{rate}.")


def check_tokens(
    model: ModelId,
    known: FoundationModel | Unread,
    quotas: Sequence[Quota] | Unread,
    region: str,
) -> Finding | None:
    """Check the model's tokens per minute; return None if the quota's name is unknown."""
    if isinstance(known, Unread):
        return None
    subject = f"tokens, {known.name}"
    if isinstance(quotas, Unread):
        return unread(subject, quotas)
    quota = find_quota(quotas, "tokens", known, by_profile=bool(model.regions))
    if not quota:
        return Finding(
            Level.WARNING,
            subject,
            "Service Quotas lists no quota of tokens per minute for this model.",
            "aws service-quotas list-service-quotas --service-code bedrock --query "
            f"\"Quotas[?contains(QuotaName, 'tokens per minute')].[QuotaName,Value]\" "
            f"--output text --region {region}",
        )
    answers = int(quota.value // ANSWER_TOKENS)
    rate = f"{quota.value:,.0f} per minute, about {answers} answers"
    if answers < RECOMMENDED_ANSWERS:
        command = _increase_command(
            (quota.service, quota.code), region, RECOMMENDED_ANSWERS * ANSWER_TOKENS
        )
        level = Level.WARNING if answers else Level.NO_CHAT
        return Finding(level, subject, f"{rate}: Bedrock throttles more.", command)
    return Finding(Level.OK, subject, f"{rate}.")


def find_quota(
    quotas: Sequence[Quota], unit: str, model: FoundationModel, *, by_profile: bool
) -> Quota | None:
    """Return the model's quota, found by its name.

    The names are like "On-demand model inference tokens per minute for Meta Llama 3 70B Instruct";
    with an inference profile they begin with "Cross-region".
    """
    way = "cross-region" if by_profile else "on-demand"
    name = f"{way} model inference {unit} per minute for {model.provider} {model.name}"
    return next((quota for quota in quotas if quota.name.casefold() == name.casefold()), None)


def _increase_command(quota: tuple[str, str], region: str, value: float = 1_000) -> str:
    service, code = quota
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {code} --desired-value {value:.0f} --region {region}"
    )

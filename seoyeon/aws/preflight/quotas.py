"""Is there room: for functions at once, sockets, frames, tokens?"""

from collections.abc import Sequence

from cdk.bedrock_models import BedrockModel
from seoyeon.aws.preflight.account import unread
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import Concurrency, FoundationModel, Quota, Unread

# Service Quotas' codes, the same in every region.
CONCURRENCY = ("lambda", "L-B99A9384")
CONNECTIONS = ("apigateway", "L-9ED1E49A")
REQUESTS = ("apigateway", "L-8A5B8E43")

# Authorizer, routes, worker and history, once each: less, and one person's chat fails.
LEAST_CONCURRENCY = 4
# What Lambda insists on, whatever is reserved.
KEPT_UNRESERVED = 100
# Some 40 people answered at once, each by a worker and a few quick calls; new accounts have 10.
FAIR_CONCURRENCY = 100
FAIR_CONNECTIONS = 50  # a second: when a network comes back, everyone reconnects at once
FAIR_REQUESTS = 1_000  # a second: an answer is some 20 frames a second, and each one counts
# Bedrock books the prompt and `max_gen_len` when a call begins; docs/cost.md has a prompt's size.
ANSWER_TOKENS = 3_000
FAIR_ANSWERS = 10  # a minute


def check_concurrency(concurrency: Concurrency | Unread, region: str) -> Finding:
    subject = "Lambda concurrency"
    if isinstance(concurrency, Unread):
        return unread(subject, concurrency)
    free = concurrency.unreserved
    said = f"{free} functions can run at once, of the account's {concurrency.limit}"
    if free < LEAST_CONCURRENCY:
        return Finding(
            Level.NO_CHAT, subject, f"{said}: too few for one chat.", _raise(CONCURRENCY, region)
        )
    if free < FAIR_CONCURRENCY:
        return Finding(
            Level.WARNING,
            subject,
            f"{said}: enough for some {free // 2} answers at a time.",
            _raise(CONCURRENCY, region),
        )
    return Finding(Level.OK, subject, f"{said}.")


def check_reserved(
    concurrency: Concurrency | Unread, own: int | Unread, wanted: int, region: str
) -> Finding | None:
    """The setting worker_concurrency; None where nothing is to be reserved, or nothing is known.

    `own` is what this stage's worker has reserved already: a deployment puts `wanted` in its place.
    """
    if not wanted or isinstance(concurrency, Unread):
        return None
    subject = "worker_concurrency"
    free = concurrency.unreserved + (0 if isinstance(own, Unread) else own)
    fits = max(0, free - KEPT_UNRESERVED)
    said = f"{wanted} are to be reserved for the worker"
    if wanted <= fits:
        return Finding(Level.OK, subject, f"{said}; up to {fits} can be.")
    command = _raise(CONCURRENCY, region, wanted + KEPT_UNRESERVED)
    kept = f"AWS keeps {KEPT_UNRESERVED} unreserved"
    if wanted > concurrency.limit - KEPT_UNRESERVED:
        said = f"{said}, but {kept} of the account's {concurrency.limit}: set it to 0, or ask."
        return Finding(Level.NO_DEPLOY, subject, said, command)
    if isinstance(own, Unread):
        said = (
            f"{said}; {fits} are left, as {kept}. What the worker has reserved already could not "
            f"be read: {own.action} ended with {own.code}."
        )
        return Finding(Level.WARNING, subject, said, command)
    said = f"{said}; {fits} are left beside what others have reserved, as {kept}."
    return Finding(Level.NO_DEPLOY, subject, said, command)


def check_connections(quota: Quota | Unread, region: str) -> Finding:
    return _rate("WebSocket connections", quota, FAIR_CONNECTIONS, "new ones a second", region)


def check_requests(quota: Quota | Unread, region: str) -> Finding:
    return _rate("API Gateway requests", quota, FAIR_REQUESTS, "a second, frames included", region)


def _rate(subject: str, quota: Quota | Unread, fair: float, unit: str, region: str) -> Finding:
    if isinstance(quota, Unread):
        return unread(subject, quota)
    said = f"{quota.value:,.0f} {unit}"
    if quota.value < fair:
        command = _raise((quota.service, quota.code), region, fair)
        return Finding(Level.WARNING, subject, f"{said}: few for a crowd.", command)
    return Finding(Level.OK, subject, f"{said}.")


def check_tokens(
    model: BedrockModel,
    known: FoundationModel | Unread,
    quotas: Sequence[Quota] | Unread,
    region: str,
) -> Finding | None:
    """The model's tokens a minute; None where it is not known what Service Quotas calls it."""
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
            "Service Quotas has no tokens per minute under this model's name.",
            "aws service-quotas list-service-quotas --service-code bedrock --query "
            f"\"Quotas[?contains(QuotaName, 'tokens per minute')].[QuotaName,Value]\" "
            f"--output text --region {region}",
        )
    answers = int(quota.value // ANSWER_TOKENS)
    said = f"{quota.value:,.0f} a minute, some {answers} answers"
    if answers < FAIR_ANSWERS:
        command = _raise((quota.service, quota.code), region, FAIR_ANSWERS * ANSWER_TOKENS)
        level = Level.WARNING if answers else Level.NO_CHAT
        return Finding(level, subject, f"{said}: more will be throttled.", command)
    return Finding(Level.OK, subject, f"{said}.")


def find_quota(
    quotas: Sequence[Quota], unit: str, model: FoundationModel, *, by_profile: bool
) -> Quota | None:
    """Service Quotas writes "On-demand model inference tokens per minute for Meta Llama 3 70B
    Instruct", and "Cross-region …" for an inference profile."""
    way = "cross-region" if by_profile else "on-demand"
    wanted = f"{way} model inference {unit} per minute for {model.provider} {model.name}"
    return next((quota for quota in quotas if quota.name.casefold() == wanted.casefold()), None)


def _raise(quota: tuple[str, str], region: str, value: float = 1_000) -> str:
    service, code = quota
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {code} --desired-value {value:.0f} --region {region}"
    )

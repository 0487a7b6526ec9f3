"""All checks in the order in which one would mend what they find."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cdk.bedrock_models import BedrockModel
from cdk.settings import Settings
from cdk.stack_names import stack_names
from seoyeon.aws.preflight import account, models, quotas, toolchain
from seoyeon.aws.preflight.finding import Finding
from seoyeon.aws.preflight.reader import AwsReader
from seoyeon.aws.preflight.snapshot import Caller, ModelFacts, Unread


def examine(
    root: Path,
    overrides: Sequence[str],
    environ: Mapping[str, str],
    configured_region: str | None,
    known_regions: Collection[str],
    reader: AwsReader,
    now: Callable[[], datetime],
) -> Iterator[Finding]:
    """Yields what it finds as it goes. Without credentials, nothing is asked of AWS but who one
    is. `configured_region` is the profile's."""
    settings, finding = toolchain.check_settings(toolchain.read_context(root, overrides))
    yield finding
    yield toolchain.check_cli(*toolchain.read_versions(root))
    elsewhere = toolchain.check_endpoints(environ)
    if elsewhere:
        yield elsewhere
        return
    named = account.region_of(environ, configured_region)
    yield account.check_region(named, known_regions)
    if named is not None and named not in known_regions:
        return
    region = named or account.FALLBACK_REGION
    caller = reader.caller(region)
    yield account.check_caller(caller)
    if isinstance(caller, Caller):
        yield account.check_bootstrap(reader.bootstrap_version(region), caller.account, region)
        yield from _gateway_quotas(reader, region, settings)
        if settings:
            yield from _bedrock(reader, settings, now())


def _gateway_quotas(reader: AwsReader, region: str, settings: Settings | None) -> Iterator[Finding]:
    concurrency = reader.concurrency(region)
    yield quotas.check_concurrency(concurrency, region)
    if settings and settings.worker_concurrency:
        own = reader.reserved_workers(stack_names(settings.stage).service, region)
        reserved = quotas.check_reserved(concurrency, own, settings.worker_concurrency, region)
        if reserved:
            yield reserved
    yield quotas.check_connections(reader.quota(*quotas.CONNECTIONS, region), region)
    yield quotas.check_requests(reader.quota(*quotas.REQUESTS, region), region)


def _bedrock(reader: AwsReader, settings: Settings, now: datetime) -> Iterator[Finding]:
    region = settings.bedrock_region
    known = [(model, _facts(reader, model, region)) for model in settings.models]
    yield from models.check_models(known, region, now)
    rates = reader.model_quotas(region)
    if isinstance(rates, Unread):
        yield account.unread("Bedrock quotas", rates)
        return
    for model, facts in known:
        finding = quotas.check_tokens(model, facts.model, rates, region)
        if finding:
            yield finding


def _facts(reader: AwsReader, model: BedrockModel, region: str) -> ModelFacts:
    return reader.model(model.name, model.model_id if model.regions else None, region)

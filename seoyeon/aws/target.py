"""Which stage goes to which account and region, known to be reachable before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdk.stack_names import StackNames, stack_names
from seoyeon import ROOT
from seoyeon.aws.preflight import account, toolchain
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import Caller
from seoyeon.aws.session import Connection
from seoyeon.terminal.errors import RunError


@dataclass(frozen=True)
class Place:
    """`context` holds what was asked for besides cdk.json, as `name=value`."""

    stage: str
    context: tuple[str, ...]
    account: str
    region: str
    bootstrapped: bool
    alarm_email: str | None

    @property
    def stacks(self) -> StackNames:
        return stack_names(self.stage)


def find_place(context: Sequence[str], environ: Mapping[str, str], asked: Connection) -> Place:
    """Reads, and changes nothing. RunError is one sentence and, where there is one, a command."""
    settings, said = toolchain.check_settings(toolchain.read_context(ROOT, context))
    if settings is None:
        raise RunError(said.sentence)
    _heed(toolchain.check_cli(*toolchain.read_versions(ROOT)))
    named = account.region_of(environ, asked.configured_region)
    _heed(account.check_region(named, asked.known_regions))
    region = named or account.FALLBACK_REGION
    caller = asked.reader.caller(region)
    _heed(account.check_caller(caller))
    assert isinstance(caller, Caller)  # noqa: S101 (anything else has just been refused)
    version = asked.reader.bootstrap_version(region)
    return Place(
        settings.stage,
        tuple(context),
        caller.account,
        region,
        # What may not be read is left to the CDK to say.
        not account.needs_bootstrap(version),
        settings.alarm_email,
    )


def _heed(finding: Finding) -> None:
    if finding.level is Level.NO_DEPLOY:
        remedy = f" Try: {finding.command}" if finding.command else ""
        raise RunError(f"{finding.sentence}{remedy}")

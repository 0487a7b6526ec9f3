"""The checks in the order in which their problems are best solved."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chat_ws.models import ModelId

from cdk.settings import Settings
from cdk.stack_names import stack_names
from seoyeon import ROOT
from seoyeon.aws.preflight import account, models, quotas, toolchain
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import Caller, ModelSnapshot, Unread
from seoyeon.aws.session import Connection
from seoyeon.aws.target import DeploymentTarget


class Preflight:
    """The checks of one deployment; `context` overrides settings, as `name=value`."""

    def __init__(
        self, context: Sequence[str], environ: Mapping[str, str], connection: Connection
    ) -> None:
        self.findings: list[Finding] = []
        self._context = tuple(context)
        self._environ = environ
        self._connection = connection
        self._settings: Settings | None = None
        self._caller: Caller | None = None
        self._region = account.FALLBACK_REGION
        self._bootstrapped = False

    @property
    def stops_deploy(self) -> bool:
        return any(finding.level is Level.NO_DEPLOY for finding in self.findings)

    @property
    def stops_chat(self) -> bool:
        return any(finding.level is Level.NO_CHAT for finding in self.findings)

    @property
    def target(self) -> DeploymentTarget | None:
        """The deployment target; None before `check_target` and if a finding stops a deploy."""
        if self.stops_deploy or self._settings is None or self._caller is None:
            return None
        return DeploymentTarget(
            self._settings.stage,
            self._context,
            self._caller.account,
            self._region,
            self._bootstrapped,
            self._settings.alarm_email,
        )

    def check_target(self) -> None:
        """Check the settings, this machine, the region, the credentials and the bootstrap stack.

        Sends no request while an endpoint or a region in the environment is wrong.
        """
        overridden = toolchain.read_context(ROOT, self._context)
        self._settings, finding = toolchain.check_settings(overridden)
        self.findings.append(finding)
        self.findings.append(toolchain.check_cli(*toolchain.read_versions(ROOT)))
        if endpoint := toolchain.check_endpoints(self._environ):
            self.findings.append(endpoint)
            return
        region = account.region_of(self._environ, self._connection.configured_region)
        known = self._connection.known_regions
        self.findings.append(account.check_region(region, known))
        if region is not None and region not in known:
            return
        self._region = region or account.FALLBACK_REGION
        reader = self._connection.reader
        caller = reader.caller(self._region)
        self.findings.append(account.check_caller(caller))
        if not isinstance(caller, Caller):
            return
        self._caller = caller
        version = reader.bootstrap_version(self._region)
        # An unreadable version is left to the CDK, which reports a missing bootstrap itself.
        self._bootstrapped = not account.needs_bootstrap(version)
        self.findings.append(account.check_bootstrap(version, caller.account, self._region))

    def check_service(self, now: datetime) -> None:
        """Check the quotas and the models; needs the credentials that `check_target` found."""
        if self._caller is None:
            return
        self._check_quotas()
        if self._settings:
            self._check_models(self._settings, now)

    def _check_quotas(self) -> None:
        reader, region = self._connection.reader, self._region
        concurrency = reader.concurrency(region)
        self.findings.append(quotas.check_concurrency(concurrency, region))
        settings = self._settings
        if settings and settings.worker_concurrency:
            own = reader.reserved_workers(stack_names(settings.stage).service, region)
            reserved = quotas.check_reserved(concurrency, own, settings.worker_concurrency, region)
            if reserved:
                self.findings.append(reserved)
        connections = reader.quota(*quotas.CONNECTIONS, region)
        self.findings.append(quotas.check_connections(connections, region))
        requests = reader.quota(*quotas.REQUESTS, region)
        self.findings.append(quotas.check_requests(requests, region))

    def _check_models(self, settings: Settings, now: datetime) -> None:
        reader, region = self._connection.reader, settings.bedrock_region

        def read(model: ModelId) -> ModelSnapshot:
            return reader.model(
                model.foundation_model, str(model) if model.profile else None, region
            )

        snapshots = [(model, read(model)) for model in settings.models]
        found = models.check_models(snapshots, region, now)
        self.findings += found
        callable_models = [
            model
            for model, finding in zip(settings.models, found, strict=True)
            if finding.level is Level.OK or model == settings.models[0]
        ]
        if advice := models.check_order(callable_models):
            self.findings.append(advice)
        rates = reader.model_quotas(region)
        if isinstance(rates, Unread):
            self.findings.append(account.unread("Bedrock quotas", rates))
            return
        for model, snapshot in snapshots:
            finding = quotas.check_tokens(model, snapshot.model, rates, region)
            if finding:
                self.findings.append(finding)

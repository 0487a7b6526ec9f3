"""The deployment target: a stage in one region of one account."""

from dataclasses import dataclass

from cdk.stack_names import StackNames, stack_names


@dataclass(frozen=True)
class DeploymentTarget:
    """`context` holds the settings that override cdk.json, as `name=value`."""

    stage: str
    context: tuple[str, ...]
    account: str
    region: str
    bootstrapped: bool
    alarm_email: str | None

    @property
    def stacks(self) -> StackNames:
        return stack_names(self.stage)

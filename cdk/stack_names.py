"""What the stacks of a stage are called. Standard library only: who deploys asks, too."""

from typing import NamedTuple


class StackNames(NamedTuple):
    data: str
    service: str


def stack_names(stage: str) -> StackNames:
    """Names that no other stage of the same account and region has."""
    return StackNames(f"Seoyeon-{stage}-Data", f"Seoyeon-{stage}-Service")

"""Findings of cdk-nag that we live with, each with its reason beside what it is about."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, /, **reasons: str) -> None:
    """Accept findings for the construct and all below it.

    A keyword is an AwsSolutions rule (`L1`) or, where a rule has several findings, one of them
    (`IAM5[Resource::*]`).
    """
    Validations.of(construct).acknowledge(
        *(
            Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
            for rule, reason in reasons.items()
        )
    )

"""Accepted findings of cdk-nag, each with its reason next to the construct."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, /, **reasons: str) -> None:
    """Accept findings for the construct and its children.

    A keyword is an AwsSolutions rule (`L1`), or one finding of a rule (`IAM5[Resource::*]`).
    """
    Validations.of(construct).acknowledge(
        *(
            Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
            for rule, reason in reasons.items()
        )
    )

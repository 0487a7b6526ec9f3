"""Whose account, which region, prepared by CDK or not."""

from collections.abc import Collection, Mapping

from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import Caller, Unread

# What the templates' own rule asks for; aws-cdk-lib, DefaultStackSynthesizer.
BOOTSTRAP_VERSION = 6
# Where the CDK CLI deploys to if nothing names a region.
FALLBACK_REGION = "us-east-1"
EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "SSOTokenLoadError",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
}
UNREACHABLE = {
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
}


def region_of(environ: Mapping[str, str], configured: str | None) -> str | None:
    """The region that the CDK CLI takes; it reads AWS_REGION, which boto3 does not.

    `configured` is what the profile says.
    """
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or configured


def check_region(region: str | None, known: Collection[str]) -> Finding:
    """`known` are the regions that this version of boto3 has heard of."""
    if region is None:
        return Finding(
            Level.WARNING,
            "region",
            f"No region is set; the CDK will deploy to {FALLBACK_REGION}.",
            f"export AWS_REGION={FALLBACK_REGION}",
        )
    if region not in known:
        return Finding(
            Level.NO_DEPLOY,
            "region",
            f"There is no region {region}, as far as is known here.",
            f"export AWS_REGION={FALLBACK_REGION}",
        )
    return Finding(Level.OK, "region", f"The stacks go to {region}.")


def check_caller(caller: Caller | Unread) -> Finding:
    if isinstance(caller, Caller):
        sentence = f"You are {caller.arn} in account {caller.account}."
        if caller.arn.endswith(":root"):
            return Finding(
                Level.WARNING,
                "credentials",
                f"{sentence} That is the root user: deploy as a role of your own.",
                "aws configure sso",
            )
        return Finding(Level.OK, "credentials", sentence)
    if caller.code in EXPIRED:
        said, command = "The credentials have expired.", "aws sso login"
    elif caller.code in UNREACHABLE:
        said = f"AWS cannot be reached ({caller.code}): look at the network and the proxy."
        command = "curl -sI https://sts.amazonaws.com"
    elif caller.code in ("NoCredentialsError", "PartialCredentialsError"):
        said, command = "There are no AWS credentials, or only half of them.", "aws configure sso"
    elif caller.code == "ProfileNotFound":
        said = "AWS_PROFILE names a profile that does not exist."
        command = "aws configure list-profiles"
    else:
        said = f"AWS does not take the credentials ({caller.code})."
        command = "aws sts get-caller-identity"
    return Finding(Level.NO_DEPLOY, "credentials", said, command)


def needs_bootstrap(version: int | Unread) -> bool:
    """Whether the region is known to be unprepared, or prepared for an older CDK."""
    if isinstance(version, int):
        return version < BOOTSTRAP_VERSION
    return version.absent


def check_bootstrap(version: int | Unread, account: str, region: str) -> Finding:
    command = "make deploy  # prepares it first"
    if isinstance(version, int) and version >= BOOTSTRAP_VERSION:
        return Finding(Level.OK, "bootstrap", f"CDK has prepared the region (version {version}).")
    if isinstance(version, int):
        return Finding(
            Level.WARNING,
            "bootstrap",
            f"The region was prepared for an older CDK: version {version}, "
            f"{BOOTSTRAP_VERSION} is needed.",
            command,
        )
    if version.absent:
        return Finding(
            Level.WARNING, "bootstrap", f"CDK has never prepared {region} in {account}.", command
        )
    return unread("bootstrap", version)


def unread(subject: str, fact: Unread) -> Finding:
    """Not a fault by itself: whoever deploys need not be allowed to look at everything."""
    return Finding(
        Level.WARNING,
        subject,
        f"This could not be read: {fact.action} ended with {fact.code}.",
        "aws sts get-caller-identity  # then ask for that permission, or ask another role",
    )

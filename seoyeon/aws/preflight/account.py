"""Checks of the region, the credentials and the bootstrap stack."""

from collections.abc import Collection, Mapping

from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import Caller, Unread

# The version that synthesized templates require; aws-cdk-lib, DefaultStackSynthesizer.
BOOTSTRAP_VERSION = 6
# The CDK CLI's default.
FALLBACK_REGION = "us-east-1"
EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "SSOTokenLoadError",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
}
# `aws login` keeps a session, which botocore exchanges for credentials.
LOGIN_FAILED = {
    "LoginAuthorizationCodeError",
    "LoginError",
    "LoginRefreshRequired",
    "LoginTokenLoadError",
}
UNREACHABLE = {
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
}


def region_of(environ: Mapping[str, str], configured: str | None) -> str | None:
    """Return the region that the CDK CLI uses; it reads AWS_REGION, which boto3 does not.

    `configured` is the profile's region.
    """
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or configured


def check_region(region: str | None, known: Collection[str]) -> Finding:
    """Check `region` against the regions that this version of boto3 knows."""
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
            f"The installed boto3 knows no region {region}.",
            f"export AWS_REGION={FALLBACK_REGION}",
        )
    return Finding(Level.OK, "region", f"The stacks will be deployed to {region}.")


def check_caller(caller: Caller | Unread) -> Finding:
    if isinstance(caller, Caller):
        sentence = f"You call AWS as {caller.arn} in account {caller.account}."
        if caller.arn.endswith(":root"):
            return Finding(
                Level.WARNING,
                "credentials",
                f"{sentence} This is the root user: deploy with an IAM role instead.",
                "aws configure sso",
            )
        return Finding(Level.OK, "credentials", sentence)
    if caller.code in EXPIRED:
        sentence, command = "The credentials have expired.", "aws sso login"
    elif caller.code in LOGIN_FAILED:
        sentence = f"The session of 'aws login' is missing or has expired ({caller.code})."
        command = "aws login"
    elif caller.code == "LoginInsufficientPermissions":
        sentence = (
            "Your identity may not use 'aws login': it needs the action signin:CreateOAuth2Token, "
            "for example from AWS's policy SignInLocalDevelopmentAccess."
        )
        command = "aws login  # after an administrator has attached the policy"
    elif caller.code == "MissingDependencyException":
        sentence = "The profile's credentials need the package awscrt, which is not installed."
        command = "make setup"
    elif caller.code in UNREACHABLE:
        sentence = f"AWS cannot be reached ({caller.code}): check the network and the proxy."
        command = "curl -sI https://sts.amazonaws.com"
    elif caller.code in ("NoCredentialsError", "PartialCredentialsError"):
        sentence, command = "AWS credentials are missing or incomplete.", "aws configure sso"
    elif caller.code == "ProfileNotFound":
        sentence = "AWS_PROFILE names a profile that does not exist."
        command = "aws configure list-profiles"
    else:
        sentence = f"AWS rejects the credentials ({caller.code})."
        command = "aws sts get-caller-identity"
    return Finding(Level.NO_DEPLOY, "credentials", sentence, command)


def needs_bootstrap(version: int | Unread) -> bool:
    """Return whether the bootstrap stack is known to be missing or too old."""
    if isinstance(version, int):
        return version < BOOTSTRAP_VERSION
    return version.absent


def check_bootstrap(version: int | Unread, account: str, region: str) -> Finding:
    command = "make deploy  # bootstraps the region first"
    if isinstance(version, int) and version >= BOOTSTRAP_VERSION:
        return Finding(Level.OK, "bootstrap", f"The region is bootstrapped (version {version}).")
    if isinstance(version, int):
        return Finding(
            Level.WARNING,
            "bootstrap",
            f"The bootstrap stack has version {version}; {BOOTSTRAP_VERSION} is needed.",
            command,
        )
    if version.absent:
        return Finding(
            Level.WARNING,
            "bootstrap",
            f"{region} in account {account} is not bootstrapped. The bootstrap gives the role of "
            "CloudFormation the policy AdministratorAccess.",
            command,
        )
    return unread("bootstrap", version)


def unread(subject: str, value: Unread) -> Finding:
    """Return a warning: a deployment does not need the permission to read every value."""
    return Finding(
        Level.WARNING,
        subject,
        f"It could not be checked: {value.action} failed with {value.code}.",
        "aws sts get-caller-identity  # this identity needs the permission",
    )

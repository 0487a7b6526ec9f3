"""Names that the app and the command line share. Standard library only."""

from typing import NamedTuple, Protocol

# The CDK's default qualifier (DefaultStackSynthesizer.DEFAULT_QUALIFIER), part of the names that
# `cdk bootstrap` gives, and the SSM parameter with the bootstrap stack's version.
BOOTSTRAP_QUALIFIER = "hnb659fds"
BOOTSTRAP_PARAMETER = f"/cdk-bootstrap/{BOOTSTRAP_QUALIFIER}/version"

# The service stack's output with the name of the worker function.
WORKER_OUTPUT = "WorkerFunctionName"
# The data stack's output with the name of the documents' bucket.
DOCUMENTS_OUTPUT = "DocumentsBucketName"
# The path of the proxy of a laptop run that uploads to it.
UPLOAD_PATH = "/uploads"


class StackNames(NamedTuple):
    data: str
    service: str


def stack_names(stage: str) -> StackNames:
    """Return the names of a stage's stacks, unique within an account and region."""
    return StackNames(f"Seoyeon-{stage}-Data", f"Seoyeon-{stage}-Service")


class _Stack(Protocol):
    @property
    def stack_name(self) -> str: ...

    @property
    def region(self) -> str: ...


def global_name(stack: _Stack, suffix: str = "") -> str:
    """Return a name for a resource of CloudFront or CloudWatch whose names span all regions."""
    return "-".join(filter(None, (stack.stack_name, suffix, stack.region)))

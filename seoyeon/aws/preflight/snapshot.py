"""Snapshot of an account: what AWS returned, as the input of the checks."""

from dataclasses import dataclass
from datetime import datetime

# Error codes of services for a resource that does not exist.
ABSENT = {
    "NoSuchResourceException",
    "ParameterNotFound",
    "ResourceNotFoundException",
    "ValidationError",
    "ValidationException",
}


@dataclass(frozen=True)
class Unread:
    """A value that AWS did not return: the action, as IAM names it, and the error's code."""

    action: str
    code: str

    @property
    def absent(self) -> bool:
        """Whether the resource does not exist, rather than being forbidden or unreachable."""
        return self.code in ABSENT


@dataclass(frozen=True)
class Caller:
    account: str
    arn: str


@dataclass(frozen=True)
class FoundationModel:
    """`outputs` are its modalities (TEXT, IMAGE, …); `end` is its end of life, if announced."""

    name: str
    provider: str
    status: str
    inference_types: frozenset[str]
    outputs: frozenset[str]
    streams: bool
    end: datetime | None = None


@dataclass(frozen=True)
class ModelAccess:
    """Statuses of GetFoundationModelAvailability: AVAILABLE, AUTHORIZED or another."""

    agreement: str
    authorization: str
    entitlement: str
    region: str


@dataclass(frozen=True)
class InferenceProfile:
    """An inference profile and the regions that it routes to."""

    status: str
    regions: frozenset[str]


@dataclass(frozen=True)
class ModelSnapshot:
    """`profile` is None for a model that is called by its own id."""

    model: FoundationModel | Unread
    access: ModelAccess | Unread
    profile: InferenceProfile | Unread | None = None


@dataclass(frozen=True)
class Concurrency:
    """Lambda's concurrent executions: the account's limit, and its unreserved part."""

    limit: int
    unreserved: int


@dataclass(frozen=True)
class Quota:
    service: str
    code: str
    name: str
    value: float

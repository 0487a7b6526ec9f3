"""What AWS told about an account: the checks' input, made by hand in their tests."""

from dataclasses import dataclass
from datetime import datetime

# Error codes by which a service says that there is no such thing.
ABSENT = {
    "NoSuchResourceException",
    "ParameterNotFound",
    "ResourceNotFoundException",
    "ValidationError",
    "ValidationException",
}


@dataclass(frozen=True)
class Unread:
    """AWS did not answer `action` (as IAM names it); `code` is the error's."""

    action: str
    code: str

    @property
    def absent(self) -> bool:
        """There is no such thing, as opposed to: one may not or cannot ask."""
        return self.code in ABSENT


@dataclass(frozen=True)
class Caller:
    account: str
    arn: str


@dataclass(frozen=True)
class FoundationModel:
    """`outputs` are what it makes: TEXT, IMAGE, …; `end` is when the provider takes it away, where
    that is known."""

    name: str
    provider: str
    status: str
    inference_types: frozenset[str]
    outputs: frozenset[str]
    streams: bool
    end: datetime | None = None


@dataclass(frozen=True)
class Access:
    """Bedrock's words: AVAILABLE or not, AUTHORIZED or not."""

    agreement: str
    authorization: str
    entitlement: str
    region: str


@dataclass(frozen=True)
class Profile:
    """An inference profile, and the regions whose models it calls."""

    status: str
    regions: frozenset[str]


@dataclass(frozen=True)
class ModelFacts:
    """`profile` is None where the model is called by its own id."""

    model: FoundationModel | Unread
    access: Access | Unread
    profile: Profile | Unread | None = None


@dataclass(frozen=True)
class Concurrency:
    """Executions at once: the account's limit, and what no function has reserved of it."""

    limit: int
    unreserved: int


@dataclass(frozen=True)
class Quota:
    service: str
    code: str
    name: str
    value: float

"""The environment of the history function, read once into types."""

from collections.abc import Mapping
from dataclasses import dataclass

from chat_shared.shares import share_days


@dataclass(frozen=True)
class DocumentSettings:
    """The bucket, the reader function, and the limits of documents.

    Without a `reader`, the API has no route that needs one. Without an `upload_url`, the page
    uploads to S3 itself. `per_day` counts a user's documents, `daily` those of all users.
    """

    bucket: str
    reader: str = ""
    upload_url: str | None = None
    megabytes: int = 20
    per_conversation: int = 5
    per_day: int = 20
    daily: int = 500

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "DocumentSettings":
        return cls(
            bucket=env["DOCUMENTS_BUCKET"],
            reader=env.get("DOCUMENT_READER", ""),
            upload_url=env.get("UPLOAD_URL"),
            megabytes=int(env.get("DOCUMENT_MEGABYTES") or 20),
            per_conversation=int(env.get("CONVERSATION_DOCUMENTS") or 5),
            per_day=int(env.get("DOCUMENTS_PER_DAY") or 20),
            daily=int(env.get("DAILY_DOCUMENTS") or 500),
        )

    @property
    def max_bytes(self) -> int:
        return self.megabytes * 1024 * 1024


@dataclass(frozen=True)
class ShareSettings:
    """The bucket, the retention, and the limits of shares and of copies made of them.

    A share expires after `days`, a copy after `history_days`. `per_day` counts the shares and
    copies of a user, `daily` those of all users. Without sharing, the API has no route for them.
    """

    bucket: str
    history_days: int = 365
    per_day: int = 20
    daily: int = 500

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "ShareSettings":
        return cls(
            bucket=env["DOCUMENTS_BUCKET"],
            history_days=int(env.get("HISTORY_DAYS") or 365),
            per_day=int(env.get("SHARES_PER_DAY") or 20),
            daily=int(env.get("DAILY_SHARES") or 500),
        )

    @property
    def days(self) -> int:
        return share_days(self.history_days)


@dataclass(frozen=True)
class RatingSettings:
    """The limits of ratings: of a user and of all users in a day."""

    per_day: int = 100
    daily: int = 5_000

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "RatingSettings":
        return cls(
            per_day=int(env.get("RATINGS_PER_DAY") or 100),
            daily=int(env.get("DAILY_RATINGS") or 5_000),
        )

"""The payload with which the history function invokes the reader."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One reading of a document; `reading` is its number."""

    user_id: str
    conversation_id: str
    document_id: str
    reading: int

    @property
    def ids(self) -> tuple[str, str, str]:
        return self.user_id, self.conversation_id, self.document_id

"""The environment of the reader function, read once into types."""

from collections.abc import Mapping
from dataclasses import dataclass

STAGE = "prod"  # default of the environment variable


@dataclass(frozen=True)
class Settings:
    table: str
    bucket: str
    stage: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        return cls(env["TABLE_NAME"], env["DOCUMENTS_BUCKET"], env.get("STAGE") or STAGE)

"""The environment of the worker, read once into types."""

from collections.abc import Mapping
from dataclasses import dataclass

from chat_ws.models import ModelId
from chat_ws.settings import STAGE, UNLIMITED, Limits

DOCUMENT_TOKENS = 24_000  # default of the environment variable


@dataclass(frozen=True)
class ModelSettings:
    """The models and their parameters.

    Without an `endpoint_url`, Bedrock's public endpoint is called. Without a `guardrail_id`, no
    guardrail is used.
    """

    models: tuple[ModelId, ...]
    region: str
    endpoint_url: str | None
    max_gen_len: int
    temperature: float
    top_p: float
    guardrail_id: str = ""
    guardrail_version: str = "DRAFT"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "ModelSettings":
        return cls(
            models=tuple(map(ModelId.parse, env["MODEL_IDS"].split(","))),
            region=env["BEDROCK_REGION"],
            endpoint_url=env.get("BEDROCK_ENDPOINT_URL") or None,
            max_gen_len=int(env["MAX_GEN_LEN"]),
            temperature=float(env["TEMPERATURE"]),
            top_p=float(env["TOP_P"]),
            guardrail_id=env.get("GUARDRAIL_ID", ""),
            guardrail_version=env.get("GUARDRAIL_VERSION") or "DRAFT",
        )


@dataclass(frozen=True)
class WorkerSettings:
    table_name: str
    callback_url: str
    window_exchanges: int
    model: ModelSettings
    stage: str = STAGE
    limits: Limits = UNLIMITED
    titles: bool = False
    documents_bucket: str = ""  # empty: conversations have no documents
    document_tokens: int = DOCUMENT_TOKENS

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "WorkerSettings":
        return cls(
            table_name=env["TABLE_NAME"],
            callback_url=env["WEBSOCKET_CALLBACK_URL"],
            window_exchanges=int(env["WINDOW_EXCHANGES"]),
            model=ModelSettings.from_env(env),
            stage=env.get("STAGE") or STAGE,
            limits=Limits(tokens=int(env.get("DAILY_TOKENS") or 0)),
            titles=env.get("TITLES") == "true",
            documents_bucket=env.get("DOCUMENTS_BUCKET", ""),
            document_tokens=int(env.get("DOCUMENT_TOKENS") or DOCUMENT_TOKENS),
        )

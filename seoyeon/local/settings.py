"""What `make run` reads from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from seoyeon.terminal.errors import CommandError

DEFAULT_PORT = 8080
DEFAULT_STATE_DIR = ".local"


@dataclass(frozen=True)
class Settings:
    """One run's choices; `bedrock_endpoint_url` set means that no model is started here."""

    port: int
    llm: str
    bedrock_endpoint_url: str | None
    state_dir: Path
    auth: str = "guest"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """An empty variable counts as unset. Raises CommandError for a value that cannot be used."""
        return cls(
            port=_port(environ.get("PORT", "").strip()),
            llm=environ.get("LLM", "").strip() or "auto",
            bedrock_endpoint_url=_endpoint(environ.get("BEDROCK_ENDPOINT_URL", "").strip()),
            state_dir=Path(environ.get("STATE_DIR", "").strip() or DEFAULT_STATE_DIR).resolve(),
            auth=_auth(environ.get("AUTH", "").strip() or "guest"),
        )


def _port(text: str) -> int:
    """0 lets the system pick a free port, which the Ready line then names."""
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise CommandError(f"PORT has to be a number up to 65535, not {text!r}: try PORT=8081.")
    return int(text)


def _auth(text: str) -> str:
    if text not in ("guest", "cognito"):
        raise CommandError(
            f"AUTH has to be guest or cognito, not {text!r}; leave it unset for guest."
        )
    return text


def _endpoint(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise CommandError(
            f"BEDROCK_ENDPOINT_URL has to begin with http:// or https://, not {text!r}; "
            "leave it unset to have a model started here."
        )
    return text.rstrip("/")

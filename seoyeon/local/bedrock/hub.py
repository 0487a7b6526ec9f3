"""Download from the Hugging Face Hub, or from the mirror that HF_ENDPOINT names.

A child process downloads, because a run that is stopped cannot end a thread. huggingface_hub's
`hf_hub_download` deletes an incomplete file and waits 20 s for an unreachable host; `http_get`,
with which it transfers, continues a file.

HF_TOKEN is sent to that host alone: httpx drops it when the host redirects to another one.
"""

import asyncio
import errno
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seoyeon.local.bedrock.errors import DownloadError
from seoyeon.local.bedrock.known_models import HubFile
from seoyeon.terminal.commands import run_captured, run_silently

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata

_REACH_S = 5
_SHOW_S = 0.5
_VARIABLES = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_SHA256 = re.compile(r"[0-9a-f]{64}")  # the hub's ETag of a file in Git LFS


class Offer(NamedTuple):
    """A file as the hub describes it; without a checksum if it is not in Git LFS."""

    size: int
    sha256: str
    commit: str


async def describe(source: HubFile, file_name: str) -> Offer:
    """Ask the hub for the size and the checksum of a file. Raises DownloadError."""
    reason, output = await run_captured(_command(source, file_name), os.environ | _VARIABLES)
    if reason:
        raise DownloadError(reason)
    return Offer(*json.loads(output))


async def fill(
    source: HubFile, file_name: str, size: int, partial: Path, show: Callable[[int], None]
) -> None:
    """Append the bytes that `partial` lacks, and call `show` with its size from time to time.

    An attempt that has brought some bytes is followed by another. Raises DownloadError, and
    OSError for a full disk.
    """
    command = [*_command(source, file_name), str(size), str(partial)]
    showing = asyncio.create_task(_show(partial, show))
    try:
        before = -1
        while _size(partial) > before:
            before = _size(partial)
            reason = await run_silently(command, os.environ | _VARIABLES)
            if not reason:
                show(size)
                return
            if os.strerror(errno.ENOSPC) in reason:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        showing.cancel()
    raise DownloadError(reason)


def _command(source: HubFile, file_name: str) -> list[str]:
    return [sys.executable, "-m", __name__, source.repository, source.revision, file_name]


def _size(partial: Path) -> int:
    return partial.stat().st_size


async def _show(partial: Path, show: Callable[[int], None]) -> None:
    while True:
        show(_size(partial))
        await asyncio.sleep(_SHOW_S)


def _describe(url: str) -> "HfFileMetadata":
    from huggingface_hub import get_hf_file_metadata

    return get_hf_file_metadata(url, token=_token(), timeout=_REACH_S)


def _token() -> str | bool:
    """Return HF_TOKEN, or False: no other token of the user is sent."""
    return os.environ.get("HF_TOKEN", "").strip() or False


def _download(url: str, size: int, partial: str) -> None:
    from huggingface_hub.file_download import http_get

    # http_get would try an unreachable host for a minute, and begin anew for a login page.
    offered = _describe(url).size
    if offered != size:
        raise SystemExit(f"{url} has {offered} bytes, not {size}")
    with Path(partial).open("ab") as file:
        headers = {"Authorization": f"Bearer {token}"} if (token := _token()) else None
        http_get(url, file, resume_size=file.tell(), headers=headers, expected_size=size)


def _main(repository: str, revision: str, file_name: str, *download: str) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    url = hf_hub_url(repository, file_name, revision=revision)
    try:
        if download:
            _download(url, int(download[0]), download[1])
            return
        offered = _describe(url)
        etag = offered.etag or ""
        sha256 = etag if _SHA256.fullmatch(etag) else ""
        print(json.dumps([offered.size, sha256, offered.commit_hash or revision]))
    except GatedRepoError:
        raise SystemExit(
            f"{repository} is gated: accept its terms on its page and set HF_TOKEN to a token of "
            "your account"
        ) from None
    except RepositoryNotFoundError:
        raise SystemExit(f"there is no {repository}, or it is private and needs HF_TOKEN") from None
    except (EntryNotFoundError, RevisionNotFoundError):
        raise SystemExit(f"{repository} has no {file_name} at the revision {revision}") from None


if __name__ == "__main__":
    try:
        _main(*sys.argv[1:])
    except Exception as error:
        # The parent reports one line, and the first one has the reason.
        raise SystemExit(f"{type(error).__name__}: {error}".splitlines()[0]) from None

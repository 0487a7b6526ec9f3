"""Download from the Hugging Face Hub, or from the mirror that HF_ENDPOINT names.

A child process downloads, because a run that is stopped cannot end a thread. huggingface_hub's
`hf_hub_download` deletes an incomplete file and waits 20 s for an unreachable host; `http_get`,
with which it transfers, continues a file.
"""

import asyncio
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from seoyeon.local.bedrock.errors import DownloadError
from seoyeon.local.bedrock.known_models import HubFile
from seoyeon.terminal.commands import run_silently

_REACH_S = 5
_SHOW_S = 0.5
_VARIABLES = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


async def fill(
    source: HubFile, file_name: str, size: int, partial: Path, show: Callable[[int], None]
) -> None:
    """Append the bytes that `partial` lacks, and call `show` with its size from time to time.

    An attempt that has brought some bytes is followed by another. Raises DownloadError, and
    OSError for a full disk.
    """
    command = [sys.executable, "-m", __name__, source.repository, source.revision]
    command += [file_name, str(size), str(partial)]
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


def _size(partial: Path) -> int:
    return partial.stat().st_size


async def _show(partial: Path, show: Callable[[int], None]) -> None:
    while True:
        show(_size(partial))
        await asyncio.sleep(_SHOW_S)


def _download(repository: str, revision: str, file_name: str, size: str, partial: str) -> None:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import http_get

    url = hf_hub_url(repository, file_name, revision=revision)
    # http_get would try an unreachable host for a minute, and begin anew for a login page.
    offered = get_hf_file_metadata(url, timeout=_REACH_S).size
    if offered != int(size):
        raise SystemExit(f"{url} has {offered} bytes, not {size}")
    with Path(partial).open("ab") as file:
        http_get(url, file, resume_size=file.tell(), expected_size=int(size))


if __name__ == "__main__":
    try:
        _download(*sys.argv[1:])
    except Exception as error:
        # The parent reports one line, and the first one has the reason.
        raise SystemExit(f"{type(error).__name__}: {error}".splitlines()[0]) from None

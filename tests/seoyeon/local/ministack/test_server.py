"""The run's side of MiniStack's process."""

import asyncio
from pathlib import Path
from typing import cast

from seoyeon.local.ministack.server import MiniStack
from seoyeon.local.sockets import free_port


def test_saving_a_ministack_that_has_ended_is_no_error_of_the_disk(tmp_path: Path) -> None:
    process = cast(asyncio.subprocess.Process, None)
    ended = MiniStack(process, free_port(None), tmp_path / "ministack.log")
    assert asyncio.run(ended.save()) == ""

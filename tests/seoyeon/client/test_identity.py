"""Secrets in files: their mode, their owner, several processes."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from seoyeon.client import Client, ClientError, Guest, Stored
from seoyeon.client.identity import StoredGuest, identity_folder
from seoyeon.client.secret_file import SecretFile

from .played import Deployment, run


def token(identity: Stored | Guest, deployment: Deployment | None = None) -> str:
    async def work() -> str:
        async with (
            (deployment or Deployment()).serve() as url,
            Client.open(url, identity) as client,
        ):
            return await identity.token(client.page)

    found: str = run(work())
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_guests_in_memory_differ() -> None:
    first, second = token(Guest()), token(Guest())
    assert first != second
    assert len(first) == 43


def test_a_stored_guest_is_the_same_in_the_next_run(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "seoyeon" / "page.guest")
    os.umask(os.umask(0o022))
    first = token(StoredGuest(file))
    assert token(StoredGuest(file)) == first
    assert mode(file.path) == 0o600
    assert mode(file.path.parent) == 0o700
    assert not [path for path in file.path.parent.iterdir() if path.name.count("-") > 3]


def test_each_page_has_a_secret_of_its_own(tmp_path: Path) -> None:
    assert token(Stored(tmp_path)) != token(Stored(tmp_path))  # two ports
    names = {path.name for path in tmp_path.glob("*.guest")}
    assert len(names) == 2
    assert all(name.startswith("http-127.0.0.1-") for name in names)


def test_processes_that_begin_together_get_one_secret(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "page.guest")

    async def work() -> list[str]:
        async with Deployment().serve() as url, Client.open(url, Guest()) as client:
            guests = [StoredGuest(SecretFile(file.path)) for _ in range(5)]
            return await asyncio.gather(*(guest.token(client.page) for guest in guests))

    assert len(set(run(work()))) == 1


@pytest.mark.parametrize("bits", [0o604, 0o640, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, bits: int) -> None:
    file = SecretFile(tmp_path / "page.guest")
    file.write("secret")
    file.path.chmod(bits)
    with pytest.raises(ClientError, match=f"run 'chmod 600 {file.path}'"):
        token(StoredGuest(file))


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    (tmp_path / "page.guest").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ClientError, match="cannot be read"):
        token(StoredGuest(SecretFile(tmp_path / "page.guest")))


def test_an_interrupted_write_leaves_the_earlier_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SecretFile(tmp_path / "page.guest")
    file.write("earlier")

    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError):  # noqa: PT011 (it has no message)
        file.write("later")
    assert file.read() == "earlier"
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_deployment_with_accounts_admits_no_guest() -> None:
    with pytest.raises(ClientError, match="has accounts and admits no guests"):
        token(Guest(), Deployment(config={"auth": "cognito"}))


def test_the_folder_follows_the_users_configuration(tmp_path: Path) -> None:
    assert identity_folder({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "seoyeon"
    assert identity_folder({}) == Path.home() / ".config" / "seoyeon"

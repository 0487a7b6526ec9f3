"""The user as whom a client connects."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from seoyeon.client.account import Account
from seoyeon.client.errors import ClientError
from seoyeon.client.page import Page
from seoyeon.client.secret_file import SecretFile

_SECRET_BYTES = 32


class Identity(Protocol):
    """The source of bearer tokens for one user."""

    async def token(self, page: Page) -> str:
        """Return a token; raise ClientError if there is none."""

    async def renew(self, page: Page, refused: str) -> str:
        """Return a token in the place of a `refused` one; raise ClientError if there is none."""


class Guest:
    """A guest, by a secret in memory: a new one, unless `secret` names one."""

    def __init__(self, secret: str | None = None) -> None:
        self._secret = secret or secrets.token_urlsafe(_SECRET_BYTES)

    async def token(self, page: Page) -> str:
        if page.auth != "guest":
            raise ClientError(f"{page.origin} has accounts and admits no guests.")
        return self._secret

    async def renew(self, page: Page, refused: str) -> str:
        raise ClientError(f"{page.origin} has refused the guest's secret or the page's origin.")


class StoredGuest(Guest):
    """A guest whose secret is in a file, which the first use creates."""

    def __init__(self, file: SecretFile) -> None:
        super().__init__()
        self._file = file
        self._is_loaded = False

    async def token(self, page: Page) -> str:
        if not self._is_loaded:
            async with self._file.lock():
                found = self._file.read()
                if found is None:
                    self._file.write(self._secret)
                else:
                    self._secret = found.strip()
            self._is_loaded = True
        return await super().token(page)


class Stored:
    """The user of this machine at a page: a guest or an account, in one file for each page."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or identity_folder(os.environ)
        self._identity: Identity | None = None

    async def token(self, page: Page) -> str:
        return await self._of(page).token(page)

    async def renew(self, page: Page, refused: str) -> str:
        return await self._of(page).renew(page, refused)

    async def sign_out(self, page: Page) -> None:
        """End the session of an account; raise ClientError for a guest."""
        identity = self._of(page)
        if not isinstance(identity, Account):
            raise ClientError(
                f"{page.origin} has guests: there is nothing to sign out of. Delete "
                f"{self._file(page).path} to give up its conversations."
            )
        await identity.sign_out(page)

    def _of(self, page: Page) -> Identity:
        if self._identity is None:
            if page.auth == "guest":
                self._identity = StoredGuest(self._file(page))
            else:
                self._identity = Account(self._file(page))
        return self._identity

    def _file(self, page: Page) -> SecretFile:
        name = f"{page.url.scheme}-{page.url.host}-{page.url.port}.{page.auth}"
        return SecretFile(self._folder / name)


def identity_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for the files with secrets."""
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "seoyeon"

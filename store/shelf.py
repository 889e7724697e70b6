"""Where sealed pictures lie, outside the rows: in a folder, or in a bucket that speaks S3.

What is put there is sealed already: a shelf is never told what it holds.
"""

import asyncio
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import SecretStr

from models.errors import Missing, Unavailable
from models.noun import Id

if TYPE_CHECKING:
    from obstore.store import S3Credential

NAME = re.compile(r"[a-z]+-[0-9a-f]{16}")
ABANDONED = 3600  # seconds after which nobody writes a file any more
WITHIN, TRIES = timedelta(seconds=20), 3  # for one call, and how often what failed is tried again


class Shelf(Protocol):
    """Puts things down, and finds them again. Everything may be done twice. Raises: Unavailable("shelf_away")."""

    async def put(self, name: Id, sealed: bytes) -> None:
        """There is all of it or nothing, whoever is killed meanwhile; what lay there by this name is replaced."""

    async def get(self, name: Id) -> bytes:
        """Raises: Missing("picture_gone")."""

    async def remove(self, name: Id) -> None:
        """It is not there any more, or never was."""


class Place(Protocol):
    """Where a house keeps its pictures."""

    @property
    def folder(self) -> Path | None: ...  # noqa: D102  # `settings.Pictures` says what each is
    @property
    def bucket(self) -> str | None: ...  # noqa: D102
    @property
    def endpoint(self) -> str | None: ...  # noqa: D102
    @property
    def region(self) -> str: ...  # noqa: D102
    @property
    def key_id(self) -> SecretStr | None: ...  # noqa: D102
    @property
    def secret(self) -> SecretStr | None: ...  # noqa: D102
    @property
    def virtual_hosted(self) -> bool: ...  # noqa: D102


def shelf_at(place: Place, beside: Path) -> Shelf:
    """The bucket where one is named, else the folder, by default one in `beside`."""
    return Bucket.at(place) if place.bucket else Folder(place.folder or beside / "pictures")


class Folder:
    """Files that their owner alone can read, in folders of a few each."""

    def __init__(self, root: Path) -> None:
        self.root, self._unfinished = root, root / "unfinished"

    async def put(self, name: Id, sealed: bytes) -> None:
        """Written under another name, and renamed once the disk has it."""
        with _reachable():
            await asyncio.to_thread(self._put, self._file(name), sealed)

    async def get(self, name: Id) -> bytes:
        """All of it."""
        with _reachable():
            return await asyncio.to_thread(self._file(name).read_bytes)

    async def remove(self, name: Id) -> None:
        """The disk forgets it in its own time: who must not read it has no key."""
        with _reachable():
            await asyncio.to_thread(self._file(name).unlink, missing_ok=True)

    def _file(self, name: Id) -> Path:
        return self.root / _checked(name)[-2:] / name

    def _put(self, file: Path, sealed: bytes) -> None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self._unfinished, file.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        new = self._unfinished / secrets.token_hex(8)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(sealed)
            written.flush()
            os.fsync(written.fileno())
        new.replace(file)
        for folder in (file.parent, self.root):
            _synced(folder)
        self._sweep()

    def _sweep(self) -> None:
        """What somebody did not finish, because they were killed, is nothing."""
        for left in self._unfinished.iterdir():
            with suppress(FileNotFoundError):  # another sweeps too
                if left.stat().st_mtime < time.time() - ABANDONED:
                    left.unlink()


def _synced(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket:
    """Objects in one bucket, which is written whole or not at all by its own nature.

    Source: https://developmentseed.org/obstore/latest/api/store/aws/ for obstore 0.12, read 2026-11-22.
    """

    def __init__(self, store: S3Store) -> None:
        self._store = store

    @classmethod
    def at(cls, place: Place) -> Self:
        """With all that is needed named, because the library would look into the environment for the rest.

        Why no bulk delete: not every bucket that speaks S3 knows it (Alibaba Cloud OSS does not).
        """
        endpoint = place.endpoint or ""
        credential: S3Credential = {
            "access_key_id": _told(place.key_id),
            "secret_access_key": _told(place.secret),
            "expires_at": None,
        }
        store = S3Store(
            place.bucket,
            endpoint=endpoint,
            aws_endpoint_url_s3=endpoint,
            region=place.region,
            virtual_hosted_style_request=place.virtual_hosted,
            disable_bulk_delete=True,
            client_options={"timeout": WITHIN, "allow_http": endpoint.startswith("http:")},
            retry_config={"max_retries": TRIES, "retry_timeout": WITHIN},
            credential_provider=lambda: credential,
        )
        return cls(store)

    async def put(self, name: Id, sealed: bytes) -> None:
        """In one piece."""
        with _reachable("shelf_away"):
            await self._store.put_async(_path(name), sealed, use_multipart=False)

    async def get(self, name: Id) -> bytes:
        """All of it."""
        with _reachable():
            found = await self._store.get_async(_path(name))
            return bytes(await found.bytes_async())

    async def remove(self, name: Id) -> None:
        """Where the bucket keeps versions, older ones stay: who must not read them has no key."""
        with suppress(Missing), _reachable():
            await self._store.delete_async(_path(name))


def _told(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _path(name: Id) -> str:
    return f"pictures/{_checked(name)}"


def _checked(name: Id) -> Id:
    """Why: a name is a part of a path. Raises: ValueError, for what we never made."""
    if not NAME.fullmatch(name):
        raise ValueError("no name of ours")
    return name


@contextmanager
def _reachable(absent: str = "picture_gone") -> Iterator[None]:
    """Their words may quote addresses and keys: ours are a code."""
    try:
        yield
    except FileNotFoundError:
        raise (Missing(absent) if absent == "picture_gone" else Unavailable(absent)) from None
    except (OSError, BaseError):
        raise Unavailable("shelf_away") from None

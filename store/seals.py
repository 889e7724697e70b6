"""How what is personal is sealed: AES-256-GCM, a key for each thing, and that key sealed by the master key.

Why: to forget one thing is to destroy one small key, also for its copies in backups made afterwards.
"""

import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import Garbled, Missing

NONCE = 12  # bytes
KEY = 32  # bytes


class Wrapped(NamedTuple):
    """A key, sealed by the master key of that name."""

    wrapped: bytes | None  # None: destroyed
    master: str


class Key:
    """Seals one thing. What was sealed for one purpose does not open for another."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Nonce and sealed words."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The words. Raises: Garbled: another key, another purpose, or somebody changed them."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())
        except InvalidTag:
            raise Garbled("seal_broken") from None


class Master:
    """The master key, and those before it, which still open what they sealed."""

    def __init__(self, secret: bytes, older: tuple[bytes, ...] = ()) -> None:
        if any(len(key) != KEY for key in (secret, *older)):
            raise ValueError(f"a master key has {KEY} bytes")
        self.name = _name(secret)
        self._keys: Mapping[str, Key] = {_name(key): Key(key) for key in (*older, secret)}

    def fresh(self) -> tuple[Key, Wrapped]:
        """A new key, and how it is kept."""
        secret = secrets.token_bytes(KEY)
        return Key(secret), Wrapped(self._keys[self.name].seal(secret, "key"), self.name)

    def unwrap(self, kept: Wrapped) -> Key:
        """Raises: Missing("forgotten"); Garbled: sealed by a master key that we do not have."""
        if kept.wrapped is None:
            raise Missing("forgotten")
        if kept.master not in self._keys:
            raise Garbled("master_key_unknown")
        return Key(self._keys[kept.master].open(kept.wrapped, "key"))


def _name(secret: bytes) -> str:
    return sha256(b"orderhub master key" + secret).hexdigest()[:12]

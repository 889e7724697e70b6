"""A party's own keys: what it signs with, and how it checks the signatures of others."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class Key:
    """An RSA key pair of 2048 bits. It signs with SHA-256 and PKCS#1 v1.5, written in Base64."""

    def __init__(self, pem: str | None = None) -> None:
        self._key = _private(pem) if pem else generate_private_key(65537, 2048)

    def sign(self, text: str) -> str:
        """The signature of a text."""
        return b64encode(self._key.sign(text.encode(), PKCS1v15(), SHA256())).decode()

    @cached_property
    def private_pem(self) -> str:
        """The secret half, as PKCS#8."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @cached_property
    def public_pem(self) -> str:
        """The half that others are given."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class Seal:
    """Somebody else's public key."""

    def __init__(self, pem: str) -> None:
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, RSAPublicKey):
            raise TypeError("not an RSA key")
        self._key = key

    def fits(self, text: str, signature: str) -> bool:
        """Whether its owner signed this text."""
        try:
            self._key.verify(b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, NotBase64, ValueError):
            return False
        return True


def _private(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key

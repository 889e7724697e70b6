"""SHA-256 with RSA (PKCS#1 v1.5), written in Base64: how Chinese payment providers sign, and want us to sign."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate


class Pen:
    """Our private key."""

    def __init__(self, key: str) -> None:
        loaded = load_pem_private_key(key.encode(), None) if _is_pem(key) else load_der_private_key(_der(key), None)
        if not isinstance(loaded, RSAPrivateKey):
            raise ValueError("the private key is not an RSA key")  # noqa: TRY004 - a wrong setting, not a wrong call
        self._key = loaded

    def sign(self, text: str) -> str:
        """Our signature under a text."""
        return b64encode(self._key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


class Seal:
    """Their public key: PEM, a certificate, or the bare Base64 that some consoles show."""

    def __init__(self, key: str) -> None:
        self._key = _public(key)

    def is_under(self, text: bytes, signature: str) -> bool:
        """Whether its owner signed these very bytes."""
        try:
            self._key.verify(b64decode(signature, validate=True), text, PKCS1v15(), SHA256())
        except (InvalidSignature, NotBase64, ValueError):
            return False
        return True


def _public(key: str) -> RSAPublicKey:
    if "BEGIN CERTIFICATE" in key:
        key = _of_certificate(key)
    loaded = load_pem_public_key(key.encode()) if _is_pem(key) else load_der_public_key(_der(key))
    if not isinstance(loaded, RSAPublicKey):
        raise ValueError("the public key is not an RSA key")  # noqa: TRY004 - a wrong setting, not a wrong call
    return loaded


def _of_certificate(pem: str) -> str:
    key = load_pem_x509_certificate(pem.encode()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _is_pem(key: str) -> bool:
    return key.lstrip().startswith("-----BEGIN")


def _der(key: str) -> bytes:
    return b64decode("".join(key.split()), validate=True)

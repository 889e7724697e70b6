"""How a message to and from WeChat Pay v3 is signed, checked and opened.

Source: GitHub wechatpay-apiv3/wechatpay-go core/auth, core/cipher, core/notify, read 2026-11. The official guide says
five minutes, and that a signature starting WECHATPAY/SIGNTEST/ is a probe that must fail.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, SecretStr, field_validator

from connectors.http import Ask
from connectors.payments.rsa import Pen, Seal
from models.errors import Forged, Garbled

SCHEME = "WECHATPAY2-SHA256-RSA2048"
BELIEVED_WITHIN = timedelta(minutes=5)
SECONDS = re.compile(r"[0-9]{1,12}")
PROBE = "WECHATPAY/SIGNTEST/"
KEY_LENGTH = 32  # bytes of an APIv3 key


class PlatformKey(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """One of WeChat's own keys. Several may be known at a time: they are changed while traffic flows."""

    serial: str  # `PUB_KEY_ID_…`, or the serial number of a platform certificate
    key: str  # PEM of the public key or of the certificate


class Credentials(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """What a merchant and WeChat know of each other."""

    mchid: str
    serial: str  # of the merchant's certificate
    private_key: SecretStr  # PEM
    api_v3_key: SecretStr  # decrypts what they tell us
    platform_keys: tuple[PlatformKey, ...]

    @field_validator("api_v3_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value().encode()) != KEY_LENGTH:
            raise ValueError("an APIv3 key has 32 bytes")
        return key


class Resource(BaseModel, frozen=True, hide_input_in_errors=True):
    """Something encrypted for us."""

    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str | None = ""


class Envelope:
    """Signs what we say and checks what they say."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self._pen = Pen(credentials.private_key.get_secret_value())
        self._seals = {known.serial: Seal(known.key) for known in credentials.platform_keys}
        self._cipher = AESGCM(credentials.api_v3_key.get_secret_value().encode())

    def sealed(self, ask: Ask, at: datetime, nonce: str) -> Ask:
        """The same request, signed by us."""
        timestamp = str(int(at.timestamp()))
        text = f"{ask.method}\n{ask.target}\n{timestamp}\n{nonce}\n{ask.body.decode()}\n"
        signed = {
            "mchid": self.credentials.mchid,
            "nonce_str": nonce,
            "timestamp": timestamp,
            "serial_no": self.credentials.serial,
            "signature": self._pen.sign(text),
        }
        authorization = f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in signed.items())
        headers = {
            "Authorization": authorization,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "orderhub",
            "Wechatpay-Serial": self.credentials.platform_keys[0].serial,  # asks for answers by this key
        }
        return Ask(ask.method, ask.target, ask.body, headers)

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Whether WeChat said these very bytes just now. Raises: Forged."""
        timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        signature, serial = headers.get("wechatpay-signature", ""), headers.get("wechatpay-serial", "")
        if not (SECONDS.fullmatch(timestamp) and nonce and signature and serial):
            raise Forged("unsigned")
        if signature.startswith(PROBE):
            raise Forged("probe")
        if abs(now.timestamp() - int(timestamp)) >= BELIEVED_WITHIN.total_seconds():
            raise Forged("stale")
        if serial not in self._seals:
            raise Forged("unknown_serial")
        if not self._seals[serial].is_under(f"{timestamp}\n{nonce}\n".encode() + body + b"\n", signature):
            raise Forged("bad_signature")

    def opened(self, resource: Resource) -> bytes:
        """What they encrypted for us. Raises: Garbled."""
        if resource.algorithm != "AEAD_AES_256_GCM":
            raise Garbled("unknown_cipher")
        try:
            sealed = b64decode(resource.ciphertext, validate=True)
            return self._cipher.decrypt(resource.nonce.encode(), sealed, (resource.associated_data or "").encode())
        except (InvalidTag, NotBase64, ValueError):
            raise Garbled("undecryptable") from None

"""How WeChat Pay v3 signs, encrypts and checks: the envelope of every call and of every push.

Source: GitHub wechatpay-apiv3/wechatpay-go (core/auth, core/notify), read 2026-11.
"""

import json
import re
import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import cycle
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.requests import Request
from starlette.responses import Response

from world.keys import Key, Seal
from world.pushes import Letter

SCHEME = "WECHATPAY2-SHA256-RSA2048"
STALE_AFTER = timedelta(minutes=5)
SCHEDULE = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)  # 24 h 4 min


class No(Exception):
    """WeChat says no: a status, its code, its words."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"code": code, "message": words}


@dataclass(frozen=True)
class Merchant:
    """One merchant as WeChat knows him."""

    appid: str
    mchid: str
    serial: str  # of the certificate that he signs with
    public_key: str  # PEM
    api_v3_key: str  # 32 characters: what his notifies are encrypted with


@dataclass
class Desk:
    """WeChat's own key, one merchant, and the clock."""

    merchant: Merchant
    key: Key
    serial: str
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._seal = Seal(self.merchant.public_key)
        self._tricks = cycle((self._strange, self._altered, self._probe, self._late))

    def check(self, request: Request, body: bytes) -> None:
        """Whether the merchant sent this just now. Raises: No."""
        if not request.headers.get("user-agent") or "application/json" not in request.headers.get("accept", ""):
            raise No(400, "PARAM_ERROR", "Http头缺少Accept或User-Agent")
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        given = dict(re.findall(r'(\w+)="([^"]*)"', credentials))
        if scheme != SCHEME or given.keys() != {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}:
            raise No(401, "SIGN_ERROR", "Http头Authorization值格式错误,请参考《微信支付商户REST API签名规则》")
        self._check_sender(given)
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        text = f"{request.method}\n{target}\n{given['timestamp']}\n{given['nonce_str']}\n{body.decode()}\n"
        if not self._seal.fits(text, given["signature"]):
            raise No(401, "SIGN_ERROR", "错误的签名,验签失败")

    def answer(self, status: int, body: dict[str, Any] | None) -> Response:
        """A signed answer."""
        words = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = self._signed(words, self.key, self.now()) | {"Request-ID": secrets.token_hex(16)}
        return Response(words, status, headers, media_type=None if body is None else "application/json")

    def notify(self, notice: dict[str, str], resource: dict[str, Any]) -> Letter:
        """A push as it goes out now: encrypted for the merchant, signed by WeChat."""
        words = json.dumps(notice | {"resource_type": "encrypt-resource", "resource": resource}).encode()
        return Letter(self._signed(words, self.key, self.now()) | {"Content-Type": "application/json"}, words)

    def encrypted(self, original_type: str, content: dict[str, Any]) -> dict[str, Any]:
        """Something that only the merchant can read."""
        nonce = secrets.token_hex(6)
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = AESGCM(self.merchant.api_v3_key.encode()).encrypt(nonce.encode(), plain, original_type.encode())
        return {
            "original_type": original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": b64encode(sealed).decode(),
            "associated_data": original_type,
            "nonce": nonce,
        }

    def forge(self, letter: Letter) -> Letter:
        """A letter that must not be believed; each time by another trick."""
        return next(self._tricks)(letter)

    def _check_sender(self, given: dict[str, str]) -> None:
        if given["mchid"] != self.merchant.mchid or given["serial_no"] != self.merchant.serial:
            raise No(401, "SIGN_ERROR", "商户证书序列号有误")
        seconds = int(given["timestamp"]) if given["timestamp"].isdecimal() else 0
        if abs(self.now().timestamp() - seconds) > STALE_AFTER.total_seconds():
            raise No(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")

    def _signed(self, body: bytes, key: Key, at: datetime) -> dict[str, str]:
        timestamp, nonce = str(int(at.timestamp())), secrets.token_urlsafe(24)
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": key.sign(f"{timestamp}\n{nonce}\n{body.decode()}\n"),
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": SCHEME,
        }

    @cached_property
    def _stranger(self) -> Key:
        return Key()  # somebody else's

    def _strange(self, letter: Letter) -> Letter:
        return Letter(letter.headers | self._signed(letter.body, self._stranger, self.now()), letter.body)

    def _altered(self, letter: Letter) -> Letter:
        return Letter(letter.headers, letter.body.replace(b"encrypt-resource", b"encrypt-Resource"))

    def _probe(self, letter: Letter) -> Letter:
        signature = "WECHATPAY/SIGNTEST/" + letter.headers["Wechatpay-Signature"][19:]
        return Letter(letter.headers | {"Wechatpay-Signature": signature}, letter.body)

    def _late(self, letter: Letter) -> Letter:
        then = self.now() - 2 * STALE_AFTER
        return Letter(letter.headers | self._signed(letter.body, self.key, then), letter.body)

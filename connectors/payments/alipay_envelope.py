"""How a message to and from Alipay's gateway v2 is signed, checked and taken apart.

Source: https://opendocs.alipay.com/common/02km9f (codes), official SDKs for the signatures, read 2026-11.
Why so careful with text: a signature is over the characters of the answer, so the answer is cut, never written anew.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, SecretStr

from connectors.http import Ask
from connectors.payments.rsa import Pen, Seal
from models.errors import Forged, Garbled

CHINA = timezone(timedelta(hours=8))
FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "Accept": "*/*", "User-Agent": "orderhub"}
ALGORITHM = "RSA2"  # SHA256withRSA; pinned, whatever a message says of itself
MOST_FIELDS = 100


class Credentials(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """What a merchant's app and Alipay know of each other."""

    app_id: str
    seller_id: str  # 2088…: the merchant's account, where the money goes
    private_key: SecretStr  # PEM, or the bare Base64 of Alipay's key tool
    alipay_public_key: str  # Alipay's, not the app's


class Envelope:
    """Signs what we say and checks what they say."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self._pen = Pen(credentials.private_key.get_secret_value())
        self._seal = Seal(credentials.alipay_public_key)

    def sealed(self, method: str, content: str, notify_url: str | None, at: datetime) -> Ask:
        """One call of the gateway, signed by us."""
        told = {
            "app_id": self.credentials.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": ALGORITHM,
            "timestamp": at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "biz_content": content,
            **({"notify_url": notify_url} if notify_url else {}),
        }
        signed = told | {"sign": self._pen.sign(_joined(told))}
        return Ask("POST", "/gateway.do", urlencode(signed).encode(), FORM)

    def opened(self, method: str, body: bytes) -> tuple[str, bool]:
        """The raw answer to a method, and whether Alipay signed it. Raises: Garbled."""
        members = _members(body)
        name = method.replace(".", "_") + "_response"
        raw = members.get(name) or members.get("error_response")
        if raw is None:
            raise Garbled("unreadable")
        if "sign" not in members:
            return raw, False
        signature = json.loads(members["sign"])
        if not isinstance(signature, str) or not self._seal.is_under(raw.encode(), signature):
            raise Garbled("answer_bad_signature")
        return raw, True

    def believed(self, body: bytes) -> Mapping[str, str]:
        """The fields of a notify, if Alipay sent it. Raises: Forged.

        Why never Garbled: what is garbled is kept for a person, and nobody signed a form that cannot be read.
        """
        told = _fields(body)
        signature = told.get("sign", "")
        if told.get("sign_type") != ALGORITHM or not signature:
            raise Forged("unsigned")
        said = {name: value for name, value in told.items() if name not in ("sign", "sign_type")}
        filled = {name: value for name, value in said.items() if value}  # some of their SDKs drop empty fields
        if not any(self._seal.is_under(_joined(fields).encode(), signature) for fields in (said, filled)):
            raise Forged("bad_signature")
        return said


def _joined(fields: Mapping[str, str]) -> str:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields))


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Forged("unreadable") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Forged("said_twice")  # which of the two would have been signed?
    return fields


def _members(body: bytes) -> dict[str, str]:
    """The members of a JSON object as the raw text in which they came."""
    try:
        text = body.decode().strip()
        return dict(_cut(text))
    except (ValueError, IndexError, RecursionError):
        raise Garbled("unreadable") from None


def _cut(text: str) -> list[tuple[str, str]]:
    decoder, found, at = json.JSONDecoder(), [], 1
    if text[0] != "{":
        raise ValueError("not an object")
    while text[_solid(text, at)] != "}":
        name, at = decoder.raw_decode(text, _solid(text, at))
        start = _solid(text, at)
        _, at = decoder.raw_decode(text, start)
        found.append((str(name), text[start:at]))
    return found


def _solid(text: str, at: int) -> int:
    while text[at] in " \t\r\n:,":
        at += 1
    return at

"""What SF's customer gate wants around every call: the account, the signature, and an answer on two levels.

Source: open.sf-express.com (丰桥, msgDigest and apiResult), public integrations of it, read 2026-11. The digest of an
account is fixed when it is opened; the Java spelling of the tilde was checked against published examples.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus, urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from connectors.http import Ask, understood
from models.contact import Contact
from models.errors import Failure, Missing, Refused, Unavailable
from models.noun import Id

PLATFORM: dict[str, tuple[type[Failure], str]] = {  # apiResultCode, the first level
    "A1001": (Refused, "invalid_request"),  # 必传参数不可为空
    "A1003": (Refused, "account_wrong"),  # IP无效
    "A1004": (Refused, "not_permitted"),  # 无对应服务权限
    "A1005": (Unavailable, "throttled"),  # 流量受控: 30 a second, 3000 a day in the sandbox
    "A1006": (Refused, "account_wrong"),  # 数字签名无效
}
BUSINESS: dict[str, tuple[type[Failure], str]] = {  # errorCode, the second level
    "8016": (Refused, "known_already"),  # 重复下单
    "8018": (Missing, "unknown_label"),  # 未获取到订单信息
    "6150": (Missing, "unknown_label"),  # 找不到该订单
    "8037": (Refused, "void_already"),  # 订单已取消
    "8119": (Refused, "account_wrong"),  # 月结卡号不匹配
}


class Digest(StrEnum):
    """How an account signs; fixed when it was opened."""

    STANDARD = "standard"
    SIMPLE = "simple"
    SM3 = "sm3"


class Account(BaseModel):
    """One customer at 丰桥. What is not verified against their papers can be set here."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Id = "sf"
    address: str = "https://bspgw.sf-express.com"
    partner_id: str
    checkword: SecretStr
    monthly_card: str
    digest: Digest = Digest.STANDARD
    push_token: SecretStr = Field(
        min_length=16
    )  # the unguessable part of the path that their pushes come by: they do not sign
    home: Contact | None = None  # where an intercepted parcel shall go
    product: int = 2  # expressTypeId 顺丰标快
    registers: bool = False  # routes of one's own labels are pushed without
    intercept: str = "2"  # serviceCode 退回; unverified
    register_type: str = "2"  # by waybill; unverified


def _spelled(words: str) -> bytes:
    return quote_plus(words, safe="*-._").replace("~", "%7E").encode()  # Java escapes the tilde, Python does not


def _md5(words: bytes) -> str:
    return base64.b64encode(hashlib.md5(words, usedforsecurity=False).digest()).decode()


DIGESTS: dict[Digest, Callable[[str], str]] = {
    Digest.STANDARD: lambda words: _md5(_spelled(words)),
    Digest.SIMPLE: lambda words: _md5(words.encode()),
    Digest.SM3: lambda words: hashlib.new("sm3", words.encode()).hexdigest(),
}


def sealed(account: Account, service: str, told: dict[str, Any], at: int, request: str) -> Ask:
    """A signed call of one service. Units: milliseconds."""
    words = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    form = {
        "partnerID": account.partner_id,
        "requestID": request,
        "serviceCode": service,
        "timestamp": str(at),
        "msgDigest": DIGESTS[account.digest](f"{words}{at}{account.checkword.get_secret_value()}"),
        "msgData": words,
    }
    headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
    return Ask("POST", "/std/service", urlencode(form).encode(), headers)


class _Words(BaseModel, frozen=True, hide_input_in_errors=True, alias_generator=to_camel):
    """Anything they say: fields that we do not know are no harm."""


class _Outer(_Words, frozen=True):
    api_result_code: str
    api_result_data: str | None = None


class _Inner(_Words, frozen=True):
    success: bool
    error_code: str | None = None
    msg_data: Any = None


def opened(body: bytes) -> Any:
    """What is inside both levels of an answer. Raises: Refused, Unavailable, Missing, Garbled."""
    outer = understood(_Outer, body)
    if outer.api_result_code != "A1000":
        kind, code = PLATFORM.get(outer.api_result_code, (Unavailable, "party_failed"))
        raise kind(code)
    inner = understood(_Inner, outer.api_result_data or "")
    if not inner.success or inner.error_code != "S0000":
        raise _no(inner.error_code or "")
    return inner.msg_data


def _no(code: str) -> Failure:
    if code.startswith("S"):  # their own system's troubles, not a word about our parcel
        return Unavailable("party_failed")
    kind, ours = BUSINESS.get(code, (Refused, f"refused_{code}" if code.isalnum() else "refused"))
    return kind(ours)

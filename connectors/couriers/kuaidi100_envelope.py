"""What Kuaidi100 wants around every call: the customer, three signatures, and a salt for each parcel's pushes.

Source: the official Java and Python demos (github.com/kuaidi100-api, SDK 1.1.3), read 2026-11.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.http import Ask
from connectors.ports import Shipped
from models.errors import Failure, Refused, Unavailable
from models.noun import Id

COMPANIES: Mapping[str, str] = {  # our word: their code
    "sf": "shunfeng",
    "zto": "zhongtong",
    "yto": "yuantong",  # Y-T-O, three letters
    "sto": "shentong",
    "yunda": "yunda",
    "jt": "jtexpress",
    "jd": "jd",
    "ems": "ems",
    "post": "youzhengguonei",
    "deppon": "debangkuaidi",
    "best": "huitongkuaidi",
    "zjs": "zhaijisong",
}
SAID: dict[str, tuple[type[Failure], str]] = {
    "500": (Unavailable, "party_failed"),  # of a subscription: 服务器错误
    "501": (Unavailable, "party_failed"),
    "502": (Unavailable, "party_failed"),
    "504": (Unavailable, "party_failed"),
    "503": (Refused, "account_wrong"),  # 验证签名失败
    "30002": (Refused, "account_wrong"),  # 验证签名失败, at the label desk
    "600": (Refused, "account_wrong"),  # 不是合法的订阅者
    "601": (Refused, "account_empty"),  # key 已过期, or no balance
    "700": (Refused, "company_unknown"),  # 不支持的快递公司
    "408": (Refused, "phone_wrong"),  # 验证码错误
}


class Partner(BaseModel):
    """Our monthly account at one company."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    partner_id: str
    partner_key: SecretStr | None = None
    net: str | None = None  # 网点


class Account(BaseModel):
    """One customer at Kuaidi100."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Id = "kuaidi100"
    address: str = "https://poll.kuaidi100.com"
    label_address: str = "https://api.kuaidi100.com"
    key: SecretStr
    customer: SecretStr
    secret: SecretStr
    push_token: SecretStr = Field(min_length=16)  # the unguessable part of the path that their pushes come by
    salt_key: SecretStr | None = None  # each parcel's salt is made from it; None: pushes are unsigned and only wake us
    partners: Mapping[str, Partner] = Field(default_factory=dict)  # by our word for the company
    ask_again_after: timedelta = timedelta(minutes=30)  # the same number more often, and they lock it


def md5(*words: str) -> str:
    """All three of their signatures: the words in a row."""
    return hashlib.md5("".join(words).encode(), usedforsecurity=False).hexdigest().upper()


def salt(account: Account, parcel: str) -> str | None:
    """What signs the pushes of one parcel, so that a push cannot be told again as another's. 32 characters."""
    if account.salt_key is None:
        return None
    key = account.salt_key.get_secret_value().encode()
    return hmac.new(key, parcel.encode(), hashlib.sha256).hexdigest()[:32]


def company(account: Account, courier: Id) -> str:
    """Their code for the company of `kuaidi100.yto`. Raises: Refused."""
    word = courier.rpartition(".")[2]
    if word not in COMPANIES or courier != f"{account.name}.{word}":
        raise Refused("company_unknown")
    return COMPANIES[word]


def failure_of(code: str) -> Failure:
    """Their no in our words."""
    kind, ours = SAID.get(code, (Refused, f"refused_{code}" if code.isalnum() else "refused"))
    return kind(ours)


def label_ask(account: Account, method: str, words: dict[str, Any], at: int) -> Ask:
    """A signed call of the label desk. Units: milliseconds."""
    param, key = _json(words), account.key.get_secret_value()
    sign = md5(param, str(at), key, account.secret.get_secret_value())
    return _form("/label/order", {"method": method, "key": key, "t": str(at), "param": param, "sign": sign})


def query_ask(account: Account, parcel: Shipped) -> Ask:
    """Where is it? Signed over the exact text that is sent."""
    about = {"com": company(account, parcel.courier), "num": parcel.waybill, "phone": parcel.phone_tail}
    param = _json(about | {"resultv2": "4", "show": "0", "order": "desc"})
    customer = account.customer.get_secret_value()
    sign = md5(param, account.key.get_secret_value(), customer)
    return _form("/poll/query.do", {"customer": customer, "sign": sign, "param": param})


def subscribe_ask(account: Account, parcel: Shipped, callback: str) -> Ask:
    """Tell us of every step; the parcel is named in the address, and its salt belongs to that name."""
    joint = "&" if "?" in callback else "?"
    wanted = {"callbackurl": f"{callback}{joint}{urlencode({'parcel': parcel.parcel})}", "resultv2": "4"}
    if signed := salt(account, parcel.parcel):
        wanted["salt"] = signed
    if parcel.phone_tail:
        wanted["phone"] = parcel.phone_tail
    about = {"company": company(account, parcel.courier), "number": parcel.waybill}
    param = _json({**about, "key": account.key.get_secret_value(), "parameters": wanted})
    return _form("/poll", {"schema": "json", "param": param})


def whose(account: Account, courier: Id) -> dict[str, str]:
    """Our monthly account at the company. Raises: Refused."""
    partner = account.partners.get(courier.rpartition(".")[2])
    if partner is None:
        raise Refused("no_monthly_account")
    key = partner.partner_key.get_secret_value() if partner.partner_key else None
    known = {"partnerId": partner.partner_id, "partnerKey": key, "net": partner.net}
    return {name: value for name, value in known.items() if value}


def _json(words: dict[str, Any]) -> str:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))


def _form(target: str, words: dict[str, str]) -> Ask:
    headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
    return Ask("POST", target, urlencode(words).encode(), headers)

"""An own shop's words and ours: its order, its signature, its codes for courier companies.

Source: the protocol is our own, version 2, 2026-11-22; which couriers a shop knows stands in the shop's settings.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StrictInt, ValidationError

from models.bargain import Gift, Promotion
from models.contact import GivenContact
from models.errors import Garbled, Refused
from models.intake import NewOrder
from models.line import Line
from models.noun import MOST_MINOR, Currency, Id, Money, Segment
from models.stage import Paying

Fen = Annotated[StrictInt, Field(ge=0, le=MOST_MINOR)]  # minor units; no text, no fractions
ALIKE = str.maketrans("01IL", "OIII")  # what a tired eye takes for the other
SEEDED = {  # our word for a company: the code most shops use
    "sf": "SF",
    "yto": "YTO",  # not YT0: one wrong letter kept an order unshipped
    "zto": "ZTO",
    "sto": "STO",
    "yunda": "YUNDA",
    "jt": "JTSD",
    "jd": "JD",
    "ems": "EMS",
    "deppon": "DBKD",
}


class Counterpart(BaseModel):
    """Who an own shop is, and the secret that it and we sign with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    channel: Annotated[Segment, Field(max_length=19)] = "web"  # both and the longest number make an order's id
    shop: Annotated[Segment, Field(max_length=19)]
    address: str  # where it hears of parcels
    key: str  # the name of the secret
    secret: SecretStr


class Account(Counterpart, frozen=True):
    """One own shop."""

    couriers: Mapping[Id, Id] = Field(default=SEEDED)  # our word for a company: the shop's
    known_couriers: tuple[Id, ...] = tuple(SEEDED.values())  # the whitelist, as the shop gives it
    believed_within: timedelta = timedelta(minutes=5)

    @property
    def name(self) -> Id:
        """<channel>/<shop>."""
        return f"{self.channel}/{self.shop}"


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Line(_Words):
    sku: Id
    title: str = Field(default="", max_length=200)
    quantity: StrictInt = Field(ge=1, le=100_000)
    unit_price: Fen


class _Gift(_Words):
    line: StrictInt = Field(ge=0)
    value: Fen


class _Promotion(_Words):
    threshold: Fen
    off: Fen = 0
    freight_off: Fen = 0
    lines: tuple[StrictInt, ...] = Field((), max_length=500)
    gifts: tuple[_Gift, ...] = Field((), max_length=500)


class Paper(_Words):
    """An order as the shop writes it. Units: fen."""

    channel: Segment
    shop: Segment
    number: Segment
    paying: Paying
    provider: Id | None = None
    currency: Currency
    lines: tuple[_Line, ...]
    discount: Fen = 0
    freight: Fen = 0
    promotions: tuple[_Promotion, ...] = Field((), max_length=50)
    total: Fen
    placed_at: AwareDatetime
    receiver: GivenContact
    note: str = ""


def new_order(account: Account, body: bytes) -> NewOrder:
    """Their order in our nouns. Raises: Garbled, with the fields that are wrong and nothing of what was in them."""
    try:
        paper = Paper.model_validate_json(body)
        order = NewOrder.model_validate(_nouns(paper))
    except ValidationError as error:
        raise Garbled(f"wrong_fields:{','.join(_fields(error))}") from None
    if order.channel != account.channel or order.shop != account.shop:
        raise Garbled("wrong_fields:channel,shop")
    return order


def _nouns(paper: Paper) -> dict[str, Any]:
    words = paper.model_dump(include={"channel", "shop", "number", "paying", "provider", "placed_at", "note"})
    lines = tuple(
        Line(sku=line.sku, quantity=line.quantity, unit_price=_money(paper, line.unit_price)) for line in paper.lines
    )
    sums = {name: _money(paper, getattr(paper, name)) for name in ("discount", "freight", "total")}
    promotions = tuple(_promotion(paper, one) for one in paper.promotions)
    return {**words, **sums, "lines": lines, "promotions": promotions, "receiver": paper.receiver}


def _promotion(paper: Paper, said: _Promotion) -> Promotion:
    sums = {name: _money(paper, getattr(said, name)) for name in ("threshold", "off", "freight_off")}
    gifts = tuple(Gift(line=gift.line, value=_money(paper, gift.value)) for gift in said.gifts)
    return Promotion(**sums, lines=said.lines, gifts=gifts)


def _money(paper: Paper, minor: int) -> Money:
    return Money(minor=minor, currency=paper.currency)


def _fields(error: ValidationError) -> Iterable[str]:
    return sorted({_field(detail["loc"], detail["type"]) for detail in error.errors(include_input=False)})


def _field(where: tuple[int | str, ...], kind: str) -> str:
    whole = "total" if kind == "value_error" else "body"  # of the whole only the sum can be wrong
    return ".".join(str(step) for step in where) or whole


def signature(account: Counterpart, asked: str, timestamp: str, nonce: str, body: bytes) -> str:
    """What belongs under this request: HMAC-SHA256 in hex. `asked` is `METHOD path?query`, as in the request line."""
    words = f"{asked}\n{timestamp}\n{nonce}\n".encode() + body
    return hmac.new(account.secret.get_secret_value().encode(), words, hashlib.sha256).hexdigest()


def signed(account: Counterpart, asked: str, timestamp: str, nonce: str, body: bytes) -> dict[str, str]:
    """The headers of a request of ours; where the address has a path, that is a part of what is asked."""
    return {
        "content-type": "application/json",
        "x-shop-key": account.key,
        "x-shop-timestamp": timestamp,
        "x-shop-nonce": nonce,
        "x-shop-signature": signature(account, asked, timestamp, nonce, body),
    }


def courier_code(account: Account, company: Id) -> str:
    """The shop's code for a company. Raises: Refused, with the code that was probably meant.

    Why: an unknown code is refused by the shop at night and found by the buyer; it is never mended silently, because a
    look-alike may also be another company.
    """
    code = account.couriers.get(company.lower(), company[:20])
    if code in account.known_couriers:
        return code
    meant = next((known for known in account.known_couriers if _seen(known) == _seen(code)), None)
    raise Refused(f"unknown_courier:{code}:meant:{meant}" if meant else f"unknown_courier:{code}")


def _seen(code: str) -> str:
    return code.upper().translate(ALIKE)

"""SF Express for one monthly account: labels, their end, intercepts, and where parcels are.

SF pushes routes without a signature. So a push comes by an unguessable path and proves nothing: it only makes us ask.
Source: see `sf_words` and `sf_envelope`.
"""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from connectors.couriers.sf_envelope import Account, opened, sealed
from connectors.couriers.sf_words import (
    CANCEL,
    CANCELLED,
    CODES,
    CREATE,
    FIND,
    INTERCEPT,
    NOT_SERVED,
    REGISTER,
    ROUTES,
    UPDATE,
    Push,
    Pushed,
    Sheet,
    Updated,
    Ways,
    create_words,
    intercept_words,
)
from connectors.couriers.tracks import collected, tellings
from connectors.http import Caller, understood
from connectors.ports import Addressed, Booking, Message, Reply, Shipped
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Missing, Refused, Unavailable
from models.fact import Telling
from models.noun import Id, Money
from models.stage import Source

LARGEST_PUSH = 256 * 1024  # bytes; they gather some stations into one
Shape = TypeVar("Shape", bound=BaseModel)


class SfExpress:
    """One account at SF."""

    def __init__(
        self,
        account: Account,
        line: Caller,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        request: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self.account, self.line, self.now, self.request = account, line, now, request
        self.name = account.name

    async def book(self, booking: Booking) -> Outcome:
        """A waybill. The same key again is the label they have for it."""
        try:
            sheet = await self._ask(CREATE, create_words(self.account, booking), Sheet)
        except Refused as no:
            return await self.booked(booking.key, booking.courier) if no.code == "known_already" else _refused(no.code)
        return _label(sheet)

    async def booked(self, key: Id, courier: Id) -> Outcome:  # noqa: ARG002 - others carry for many companies
        """The label with this key: DONE, REFUSED (not served, or void again) or ABSENT."""
        try:
            return _label(await self._ask(FIND, {"orderId": key, "language": "zh-CN"}, Sheet))
        except Missing:
            return Outcome(state=State.ABSENT)
        except Refused as no:
            if no.code != "void_already":
                raise Unavailable(no.code) from None  # they would not look, so nothing is known of the label
            return _refused(no.code)

    async def void(self, label: Shipped) -> Outcome:
        """The label again. Once a driver has the parcel they say no."""
        try:
            updated = await self._ask(UPDATE, {"orderId": label.parcel, "dealType": CANCEL}, Updated)
        except Missing:
            return Outcome(state=State.DONE)
        except Refused as no:
            return Outcome(state=State.DONE) if no.code == "void_already" else _refused(no.code)
        return Outcome(state=State.DONE) if updated.res_status == CANCELLED else _refused("not_matched")

    async def intercept(self, parcel: Shipped) -> Outcome:
        """Bring it home: DONE means that they will try."""
        try:
            await self._send(INTERCEPT, intercept_words(self.account, parcel))
        except (Refused, Missing) as no:
            return _refused(no.code)
        return Outcome(state=State.DONE)

    async def subscribe(self, parcel: Shipped, callback: str) -> None:  # noqa: ARG002 - they keep one address an account
        """Routes of one's own labels are pushed anyway, where the account has asked for it."""
        if self.account.registers:
            words = {"type": self.account.register_type, "attributeNo": parcel.waybill, "language": "zh-CN"}
            await self._send(REGISTER, words | {"checkPhoneNo": parcel.phone_tail})

    async def routes(self, parcel: Shipped) -> tuple[Telling, ...]:
        """All they know. They show nothing to whoever does not know the last four digits of a phone."""
        words = {"language": "zh-CN", "trackingType": "1", "methodType": "1"}
        about = {"trackingNumber": [parcel.waybill], "checkPhoneNo": parcel.phone_tail}
        ways = await self._ask(ROUTES, words | about, Ways)
        return tellings(CODES, ways.stations(parcel.waybill), parcel.parcel)

    async def collected(self, parcel: Shipped, amount: Money) -> Telling:
        """`payment_captured`: what the driver took at the door. Raises: Unavailable("not_yet")."""
        return collected(await self.routes(parcel), parcel, amount)

    def read(self, message: Message) -> tuple[Addressed, ...]:
        """Somebody says that parcels moved. Raises: Forged, Garbled."""
        if not hmac.compare_digest(message.token.encode(), self.account.push_token.get_secret_value().encode()):
            raise Forged("wrong_path")
        if len(message.body) > LARGEST_PUSH:
            raise Garbled("too_large")
        pushed = understood(Push, message.body).body.routes
        return tuple(_stirred(route) for route in pushed if CODES.knows(route.op_code))

    def thanks(self) -> Reply:
        """Exactly this ends their retries."""
        return _told(HTTPStatus.OK, "0000", "成功")

    def sorry(self, code: str) -> Reply:
        """Anything else makes them send again."""
        return _told(HTTPStatus.BAD_REQUEST, "1000", code)

    async def _ask(self, service: str, words: dict[str, Any], shape: type[Shape]) -> Shape:
        told = await self._send(service, words)
        try:
            return shape.model_validate(told)
        except ValidationError:
            raise Garbled("unreadable") from None

    async def _send(self, service: str, words: dict[str, Any]) -> Any:
        at = int(self.now().timestamp() * 1000)
        answer = await self.line.send(sealed(self.account, service, words, at, self.request()))
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Garbled(f"status_{answer.status}")
        return opened(answer.body)


def _label(sheet: Sheet) -> Outcome:
    if sheet.filter_result == NOT_SERVED:
        return _refused("not_served")
    if sheet.waybill is None:
        raise Unavailable("still_deciding")  # a person at SF looks whether they serve the address
    return Outcome(state=State.DONE, reference=sheet.waybill)


def _refused(code: str) -> Outcome:
    return Outcome(state=State.REFUSED, code=code)


def _stirred(route: Pushed) -> Addressed:
    body: dict[str, Any] = {"parcel": route.orderid} if route.orderid else {}
    name = f"sf-push-{route.id}"
    telling = Telling(kind="parcel_stirred", source=Source.COURIER, id=name, at=route.accept_time, body=body)
    return Addressed("ours", route.orderid, telling) if route.orderid else Addressed("waybill", route.mailno, telling)


def _told(status: int, code: str, words: str) -> Reply:
    body = json.dumps({"return_code": code, "return_msg": words}, ensure_ascii=False).encode()
    return Reply(status, body, "application/json")

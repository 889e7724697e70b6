"""Kuaidi100 for one customer: labels of many companies, their end, intercepts, and where parcels are.

Source: see `kuaidi100_words`.
"""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from pydantic import ValidationError

from connectors.couriers.kuaidi100_envelope import (
    Account,
    failure_of,
    label_ask,
    md5,
    query_ask,
    salt,
    subscribe_ask,
)
from connectors.couriers.kuaidi100_words import (
    CODES,
    NOTHING_YET,
    SUBSCRIBED,
    Label,
    LabelAnswer,
    PollAnswer,
    Push,
    Track,
    asking_words,
    order_words,
    parcel_words,
)
from connectors.couriers.tracks import collected, tellings
from connectors.http import Answer, Ask, Caller, understood
from connectors.ports import Addressed, Booking, Message, Reply, Shipped
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Refused, Unavailable
from models.fact import Telling
from models.noun import Id, Money
from models.stage import Source

LARGEST_PUSH = 256 * 1024  # bytes; a list of a hundred steps has thirty thousand
MOST_REMEMBERED = 10_000  # numbers whose last question is remembered


class Kuaidi100:
    """One customer at Kuaidi100. Couriers are called `<name>.<company>`."""

    def __init__(
        self, account: Account, poll: Caller, labels: Caller, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.account, self.poll, self.labels, self.now = account, poll, labels, now
        self.name = account.name
        self._asked_at: dict[Id, datetime] = {}

    async def book(self, booking: Booking) -> Outcome:
        """A waybill. The same key again is the same label, for 48 hours."""
        try:
            return _label(await self._desk("order", order_words(self.account, booking)))
        except Refused as no:
            return _refused(no.code)

    async def booked(self, key: Id, courier: Id) -> Outcome:
        """The label with this key: DONE or ABSENT.

        Why: they have no question for a number of ours. The same order without people gives the first label again, and
        where there was none it cannot become one.
        """
        try:
            return _label(await self._desk("order", asking_words(self.account, key, courier)))
        except Refused as no:
            if no.code.startswith("account_"):
                raise Unavailable(no.code) from None  # they would not look, so nothing is known of the label
            return Outcome(state=State.ABSENT)

    async def void(self, label: Shipped) -> Outcome:
        """The label again. Once a driver has the parcel they say no."""
        return await self._done("cancel", label, {"reason": "取消"})

    async def intercept(self, parcel: Shipped) -> Outcome:
        """Bring it back to the sender's address: DONE means that they will try."""
        wanted = {"interceptType": "RETURN_SEND_ADDR", "orderRole": "1", "interceptPayType": "MONTHLY"}
        return await self._done("interceptOrder", parcel, {**wanted, "reason": "退回"})

    async def subscribe(self, parcel: Shipped, callback: str) -> None:
        """Every step, told to `callback`. Twice is once. Raises: Refused: not this company, no balance."""
        answer = await self._answer(self.poll, subscribe_ask(self.account, parcel, callback))
        code = understood(PollAnswer, answer.body).return_code
        if code not in SUBSCRIBED:
            raise failure_of(code)

    async def routes(self, parcel: Shipped) -> tuple[Telling, ...]:
        """All they know. Raises: Unavailable("asked_lately"): the same number again would be locked."""
        self._wait_for(parcel.waybill)
        answer = await self._answer(self.poll, query_ask(self.account, parcel))
        self._remember(parcel.waybill)
        track = understood(Track, answer.body)
        if track.return_code not in (None, NOTHING_YET):
            raise failure_of(track.return_code)
        return tellings(CODES, track.stations(), parcel.parcel)

    async def collected(self, parcel: Shipped, amount: Money) -> Telling:
        """`payment_captured`: what the driver took at the door. Raises: Unavailable("not_yet")."""
        return collected(await self.routes(parcel), parcel, amount)

    def read(self, message: Message) -> tuple[Addressed, ...]:
        """A parcel moved: the whole list again. Unsigned, it proves nothing and only makes us ask.

        Raises: Forged, Garbled.
        """
        if not _matches(message.token, self.account.push_token.get_secret_value()):
            raise Forged("wrong_path")
        if len(message.body) > LARGEST_PUSH:
            raise Garbled("too_large")
        parcel, words = message.query.get("parcel", ""), _fields(message.body)
        signed = salt(self.account, parcel)
        if signed is not None and not _matches(words.get("sign", ""), md5(words["param"], signed)):
            raise Forged("bad_signature")
        push = understood(Push, words["param"])
        if signed is None or push.status == "abort":
            return _stirred(push, parcel, message.heard_at)
        track = push.last_result or Track()
        return tuple(Addressed("ours", parcel, telling) for telling in tellings(CODES, track.stations(), parcel))

    def thanks(self) -> Reply:
        """Exactly this ends their retries (30 min, three times)."""
        return _told(HTTPStatus.OK, "200", "成功")

    def sorry(self, code: str) -> Reply:
        """Anything else makes them send again."""
        return _told(HTTPStatus.BAD_REQUEST, "500", code)

    async def _done(self, method: str, parcel: Shipped, more: dict[str, Any]) -> Outcome:
        try:
            await self._desk(method, parcel_words(self.account, parcel) | more)
        except Refused as no:
            return _refused(no.code)
        return Outcome(state=State.DONE)

    async def _desk(self, method: str, words: dict[str, Any]) -> LabelAnswer:
        at = int(self.now().timestamp() * 1000)
        answer = await self._answer(self.labels, label_ask(self.account, method, words, at))
        told = understood(LabelAnswer, answer.body)
        if told.code != "200":
            raise failure_of(told.code)
        return told

    async def _answer(self, line: Caller, ask: Ask) -> Answer:
        answer = await line.send(ask)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Garbled(f"status_{answer.status}")
        return answer

    def _wait_for(self, waybill: Id) -> None:
        last = self._asked_at.get(waybill)
        if last is not None and self.now() - last < self.account.ask_again_after:
            raise Unavailable("asked_lately")

    def _remember(self, waybill: Id) -> None:
        self._asked_at.pop(waybill, None)
        self._asked_at[waybill] = self.now()
        if len(self._asked_at) > MOST_REMEMBERED:
            self._asked_at.pop(next(iter(self._asked_at)))


def _label(told: LabelAnswer) -> Outcome:
    try:
        label = Label.model_validate(told.data)
    except ValidationError:
        raise Garbled("no_waybill") from None
    return Outcome(state=State.DONE, reference=label.kuaidinum)


def _refused(code: str) -> Outcome:
    return Outcome(state=State.REFUSED, code=code)


def _matches(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _fields(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise Garbled("unreadable") from None
    if "param" not in fields:
        raise Garbled("unreadable")
    return {name: values[0] for name, values in fields.items()}


def _stirred(push: Push, parcel: Id, heard_at: datetime) -> tuple[Addressed, ...]:
    stations = push.last_result.stations() if push.last_result else ()
    at = stations[-1].at if stations else heard_at
    if not parcel:
        return ()
    name = f"kd-{push.status}-{parcel}-{len(stations)}"
    telling = Telling(kind="parcel_stirred", source=Source.COURIER, id=name, at=at, body={"parcel": parcel})
    return (Addressed("ours", parcel, telling),)


def _told(status: int, code: str, words: str) -> Reply:
    told = {"result": status == HTTPStatus.OK, "returnCode": code, "message": words}
    return Reply(status, json.dumps(told, ensure_ascii=False).encode(), "application/json")

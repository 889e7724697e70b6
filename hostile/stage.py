"""A whole stack with honest orders on it: what liars will have to leave as it is."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

import httpx
import psutil

from beside.ground import LOCAL
from commands.household import Member
from demo.play import Cast, Workforce, assembled, records
from demo.premises import CHANNEL_SHOP
from demo.town import Town
from hostile import books
from hostile.attack import Liars
from hostile.knocks import Knocks, endpoints_of
from hostile.letters import Letters, Said, said_by
from hostile.papers import Paper, Papers
from hostile.wire import Line
from models.order import Record
from models.policy import Policy
from settings import Settings
from store.policies import Policies
from world.shop_books import Order, spelled

HOUR: Final = timedelta(hours=1)
CALM: Final = Policy(pay_within=12 * HOUR, ask_payment_after=6 * HOUR, label_within=12 * HOUR)
ORDERS, UNPAID = 14, 4
QUIET: Final = 3.0  # seconds without a change of any book
QUIET_WITHIN: Final = 120.0
HONEST: Final = b"203.0.113.1"
PARTIES: Final = ("wechat", "alipay", "sf", "kuaidi100")


class Unready(Exception):
    """The honest part of the play did not come so far."""


@dataclass(frozen=True)
class Scene:
    """Everything before the first lie."""

    cast: Cast
    postman: "Postman"
    port: int
    liars: Liars
    books: books.Books

    @property
    def door(self) -> psutil.Process:
        """The door's own process, under its leash."""
        return psutil.Process(self.cast.processes.running["api"].pid).children()[0]


@asynccontextmanager
async def set_up(settings: Settings, seed: int) -> AsyncIterator[Scene]:
    """Servers, processes, parties, and orders that rest. Raises: stack.Down, Unready."""
    async with assembled(settings, seed, Workforce(recast=_behind_a_proxy)) as cast:
        await Policies(cast.house.db).put(CHANNEL_SHOP, CALM, "hostile")
        cast.town.turn(drop_push=1.0)  # we carry every letter ourselves
        cast.town.sf.dials.set(refuse=0.5)
        port = urlsplit(cast.town.hub).port or 80
        async with Line(LOCAL, port) as line:
            postman = Postman(cast.town, line)
            orders = await _ordered(cast, postman)
            said = tuple(postman.carried.values())
            if missing := set(PARTIES) - {one.party for one in said}:
                raise Unready(f"nothing was said by {', '.join(sorted(missing))}")
            liars = Liars(Letters(said), _papers(cast, orders), await _knocks(cast, orders))
            yield Scene(cast, postman, port, liars, await quiet(cast))


def _behind_a_proxy(members: Sequence[Member]) -> Sequence[Member]:
    """Liars come from many addresses: we are the proxy that says from which."""
    return tuple(replace(m, told={**m.told, "OMS_PROXIES": LOCAL}) for m in members)


async def quiet(cast: Cast) -> books.Books:
    """The books, once nothing changes in them. Raises: Unready."""
    until, known, since = monotonic() + QUIET_WITHIN, await books.read(cast.house.db), monotonic()
    while monotonic() - since < QUIET:
        await asyncio.sleep(0.5)
        now = await books.read(cast.house.db)
        if now != known:
            known, since = now, monotonic()
        if monotonic() > until:
            raise Unready("the books do not come to rest")
    return known


async def still_serves(cast: Cast, postman: "Postman") -> None:
    """One more honest order comes as far as its label. Raises: Unready."""
    order = cast.shop.order(paying="prepaid")
    await cast.shop.place(order)
    await cast.shop.pay(order)
    await postman.carry()
    await _labelled(cast, {order.number})


@dataclass
class Postman:
    """Carries every letter that a party wrote, once."""

    town: Town
    line: Line
    carried: dict[tuple[str, str], Said] = field(default_factory=dict)

    async def carry(self) -> None:
        """Whatever is new. Raises: Unready where it is not thanked for."""
        for said in letters_of(self.town):
            if (said.party, said.push) not in self.carried:
                answer = await self.line.send(said.call(), HONEST)
                if answer.status >= httpx.codes.BAD_REQUEST:
                    raise Unready(f"an honest letter of {said.party} was refused with {answer.status}")
                self.carried[said.party, said.push] = said


async def _ordered(cast: Cast, postman: Postman) -> list[Order]:
    """Some unpaid, the others paid, labelled, and in a driver's hands."""
    orders = [cast.shop.order(paying="prepaid") for _ in range(ORDERS)]
    await asyncio.gather(*(cast.shop.place(order) for order in orders))
    for order in orders[UNPAID:]:
        await cast.shop.pay(order)
    await postman.carry()
    await _labelled(cast, {order.number for order in orders[UNPAID:]})
    for record in (await records(cast)).values():
        for parcel in record.order.parcels:
            road = cast.town.sf if (parcel.courier or "").startswith("sf") else cast.town.kuaidi
            road.hand_over(str(parcel.waybill))
    await postman.carry()
    return orders


async def _labelled(cast: Cast, numbers: set[str]) -> None:
    until, missing = monotonic() + QUIET_WITHIN, numbers
    while missing and monotonic() < until:
        await asyncio.sleep(0.5)
        missing = numbers - {number for number, record in _by_number(await records(cast)) if _is_booked(record)}
    if missing:
        raise Unready(f"no label for {', '.join(sorted(missing))}")


def _by_number(known: Mapping[str, Record]) -> list[tuple[str, Record]]:
    return [(order.rpartition("/")[2], record) for order, record in known.items()]


def _is_booked(record: Record) -> bool:
    parcels = record.order.parcels
    return bool(parcels) and all(parcel.waybill for parcel in parcels)


def letters_of(town: Town) -> list[Said]:
    """Everything that parties wanted to say so far."""
    pushers = zip(PARTIES, (town.wechat.pusher, town.alipay.pusher, town.sf.pusher, town.kuaidi.pusher), strict=True)
    return [said for party, pusher in pushers for said in said_by(party, pusher)]


def _papers(cast: Cast, orders: Sequence[Order]) -> Papers:
    shop = cast.shop.settings.shop
    return Papers(cast.shop.pen, [Paper(order.number, spelled(order, shop)) for order in orders])


async def _knocks(cast: Cast, orders: Sequence[Order]) -> Knocks:
    document = json.loads((await cast.ops.get("/openapi.json")).content)
    keys = cast.house.settings.keys
    right = [getattr(keys, role).get_secret_value().encode() for role in ("ops", "warehouse", "finance", "service")]
    return Knocks(list(endpoints_of(document)), right, [f"{CHANNEL_SHOP}/{order.number}" for order in orders])

"""What customers ask back: each request once, its newest record, and whose units it is about."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from models.asking import NewReturn
from models.errors import Missing, NotYet, Refused
from models.noun import Id, Money
from models.order import Order, Record
from models.refund import Before
from models.returns import AfterSale, Beside, Kind
from models.rma import Assessed, Return, ReturnRecord, ReturnStage
from rules import aftersales, exchanges, return_making, return_silences, undoing
from rules import return_stages as stages
from rules.refund_before import with_own
from rules.refund_grounds import inspected
from rules.return_news import news, standing, telling
from store import cases, money, refund_sums, stock, whereabouts
from store import return_statements as say
from store.claims import Claims
from store.contacts import Contacts, put_note
from store.cursors import Page, page
from store.database import Database
from store.inbox import ToOurs, kept
from store.orders import must_be_own
from store.policies import Policies, ReturnPolicies
from store.refund_marks import guarded
from store.return_lists import ReturnFilter, ReturnRow, place_of, shown

Earlier = Sequence[Row[Any]]  # what was asked back of the same order, the first first
MOST = 200  # of one order: each of them is read whenever one more is asked for
DEAD = (ReturnStage.REFUSED, ReturnStage.WITHDRAWN, ReturnStage.EXPIRED, ReturnStage.SENT_HOME)


class Returns:
    """Every request is ours once its row is written; then its story begins."""

    def __init__(self, db: Database, contacts: Contacts) -> None:
        self.db, self.contacts = db, contacts

    async def ask(self, new: NewReturn, note: str = "") -> tuple[Return, bool]:
        """One transaction, one request of an order after the other; the return, and whether it is new.

        The note is sealed with it, and with nothing that is refused or known. Cost: eight statements, nine where a
        little goes by itself, two more with a note; two for the same again.
        Raises: Missing("order_unknown"), Missing("forgotten"), Refused("more_than_bought"),
        Refused("too_many_returns"), Refused("asked_otherwise"): the same key for something else.
        """
        async with self.db.begin() as conn:
            order, asked_at, is_over = await _locked(conn, new.order)
            earlier = (await conn.execute(say.EARLIER, {"order_id": new.order})).all()
            if known := _asked_before(earlier, new):
                return known, False
            if len(earlier) >= MOST:
                raise Refused("too_many_returns")
            if note:
                key = await self.contacts.key(conn, new.order)
                new = new.model_copy(update={"note_id": await put_note(conn, key, new.order, note)})
            made = await self._made(conn, order, new, earlier, asked_at)
            await conn.execute(say.ADD, _added(made, new.key, _digest(new)))
            if not is_over or standing(made) is AfterSale.TRIGGERED:
                await self._tell_order(conn, _asked(made))
        return made, True

    async def _made(
        self, conn: AsyncConnection, order: Order, new: NewReturn, earlier: Earlier, asked_at: datetime
    ) -> Return:
        """Judged by the shop's policy, in sight of everything that was asked before."""
        before = with_own(order, await refund_sums.before(conn, new.order))
        gone = _gone(earlier, before)
        return_making.must_be_left(order, new, gone)
        house = await ReturnPolicies(self.db).current_in(conn, order.shop)
        asked = {"order_id": new.order, "days": house.history_days}
        lately = (await conn.execute(say.LATELY, asked)).scalar_one()
        beside = Beside(lines=return_making.seen(order, house, gone), returns_lately=lately)
        made = return_making.made(order, new, beside, (asked_at, len(earlier) + 1), house)
        return await guarded(conn, return_making.weighed(made, order, before, beside, house), lately, house)

    async def ask_again(self, matter: Return) -> bool:
        """One transaction: what its story knows of the request and of its sum, where a store of before does not.

        False: its order is not ours. Why no key: who asks under it again is told that nothing is left to ask back.
        """
        async with self.db.begin() as conn:
            try:
                await _locked(conn, matter.order)
            except Missing:
                return False
            if (await conn.execute(say.GET, {"id": matter.id})).one_or_none() is None:
                lost = {"news": "null"}  # so that its order hears of it
                await conn.execute(say.ADD, {**_added(matter, None, "lost"), **lost})
            await refund_sums.known_again(conn, matter)
        return True

    async def put_return(self, record: ReturnRecord) -> None:
        """One transaction. The same record again is harmless; an older one changes nothing.

        Raises: Refused("older_than_known") where another run has told more; of the same run see `OrderBook.put`.
        """
        async with self.db.begin() as conn:
            changed = (await conn.execute(say.PUT, _row(record))).one_or_none()
            if changed is None:
                await must_be_own(conn, say.IS_OWN, {"id": record.matter.id, "run": record.run})
                return
            await money.settle(conn, record.matter)
            if changed.has_new_facts or changed.has_died:
                await stock.restock(conn, record.matter)
            if changed.has_new_facts:
                await whereabouts.noted(conn, record.matter)
                await _expect(conn, record.matter)
            if changed.has_news:
                await self._tell_order(conn, record)
            if changed.has_new_cases:
                await cases.told_of(conn, record.matter)

    async def assess(self, matter: Return) -> Assessed:
        """How much goes back, and of which payments: decided once, one return of an order after the other.

        Raises: NotYet("order_not_told") until the order's own record shows that the return takes its part itself.
        """
        async with self.db.begin() as conn:
            order, at, _ = await _locked(conn, matter.order)
            # The customer of a stopped order may get the goods all the same.
            if not _is_own(order, matter) and not undoing.is_undone(order):
                raise NotYet("order_is_stopping")
            return await refund_sums.assessed(conn, order, matter, at)

    async def replace(self, matter: Return) -> Id:
        """The order that is sent for it, with the address of the first; claimed once, however often it is asked.

        Raises: NotYet("order_not_told") as above; Refused("order_is_stopping"): its customer has the money back, of all
        of it or of these goods; Refused("number_taken"), Missing("forgotten").
        """
        async with self.db.begin() as conn:
            order, _, _ = await _locked(conn, matter.order)
        if not _is_own(order, matter) or undoing.is_overpaid(order):
            raise Refused("order_is_stopping")
        receiver = await self.contacts.get(order.id, order.contact_version)
        new, link = exchanges.sent_for(order, matter, receiver), exchanges.link(matter)
        claims = Claims(self.db, self.contacts, Policies(self.db))
        return (await claims.claim(new, link.model_dump_json().encode(), link)).order.id

    async def _tell_order(self, conn: AsyncConnection, record: ReturnRecord) -> None:
        """Like any message, due at once: safe with the record, told by whoever relays."""
        told = telling(record)
        raw = told.model_dump_json().encode()
        mine = (ToOurs(record.matter.order, told),)
        await kept(conn, self.contacts.master, ("house", "returns", raw), mine, wait=0)

    async def get(self, return_id: Id) -> ReturnRecord:
        """Its newest record; before the first one, what was asked. Raises: Missing("return_unknown")."""
        async with self.db.begin() as conn:
            row = (await conn.execute(say.GET, {"id": return_id})).one_or_none()
        if row is None:
            raise Missing("return_unknown")
        return ReturnRecord.model_validate_json(row.body) if row.body else _asked(Return.model_validate_json(row.seed))

    async def order_of(self, return_id: Id) -> Id:
        """Which order it is about. One statement. Raises: Missing("return_unknown")."""
        return (await self.get(return_id)).matter.order

    async def sum_of(self, return_id: Id) -> Money:
        """What lists show of it. One statement. Raises: Missing("return_unknown")."""
        async with self.db.begin() as conn:
            row = (await conn.execute(say.AMOUNT, {"id": return_id})).one_or_none()
        if row is None:
            raise Missing("return_unknown")
        return Money(minor=row.amount, currency=row.currency)

    async def open(self, after: Id = "", limit: int = 500) -> tuple[Id, ...]:
        """Returns that have not ended, by their numbers, from behind that one on. One statement."""
        async with self.db.begin() as conn:
            return tuple((await conn.execute(say.OPEN, {"after": after, "limit": limit})).scalars())

    async def unstarted(self, limit: int) -> tuple[Return, ...]:
        """Requests whose story has not told of itself. One statement."""
        async with self.db.begin() as conn:
            seeds = (await conn.execute(say.UNSTARTED, {"limit": limit})).scalars()
            return tuple(Return.model_validate_json(seed) for seed in seeds)

    async def listing(self, which: ReturnFilter) -> Page[ReturnRow]:
        """A page. One statement. Raises: Refused("bad_cursor")."""
        async with self.db.begin() as conn:
            rows = (await conn.execute(say.LISTED, which.asked())).mappings().all()
        return page([shown(row) for row in rows], which.limit, place_of)


def _is_own(order: Order, matter: Return) -> bool:
    """Whether the order leaves it its part. Raises: NotYet while it has not heard of it."""
    is_own = aftersales.is_its_own(order, matter.id)
    if is_own is None:
        raise NotYet("order_not_told")
    return is_own


def _asked(seed: Return) -> ReturnRecord:
    return ReturnRecord(matter=seed, standing=return_silences.judged(seed)[1])


async def _expect(conn: AsyncConnection, matter: Return) -> None:
    if inspected(matter) and not matter.assessed:
        await refund_sums.expected(conn, matter)


async def _locked(conn: AsyncConnection, order_id: Id) -> tuple[Order, datetime, bool]:
    """The order by its last record, now, and whether it is over; nobody else asks back of it. Raises: Missing."""
    row = (await conn.execute(say.LOCK, {"order_id": order_id})).one_or_none()
    if row is None:
        raise Missing("order_unknown")
    order = Record.model_validate_json(row.body).order if row.body else Order.model_validate_json(row.seed)
    return order, row.now, bool(row.is_ended)


def _asked_before(earlier: Earlier, new: NewReturn) -> Return | None:
    """Under the same key. Raises: Refused("asked_otherwise")."""
    same = [row for row in earlier if new.key is not None and row.asked_key == new.key]
    if same and same[0].digest != _digest(new):
        raise Refused("asked_otherwise")
    return Return.model_validate_json(same[0].seed) if same else None


def _digest(new: NewReturn) -> str:
    """Of what is asked, without who asks and what they said beside it."""
    words = new.model_dump(mode="json", exclude={"by", "key", "note_id", "urgent"})
    return sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def _gone(earlier: Earlier, before: Before) -> Counter[int]:
    """Units of each line that came back, or are asked back. What did not come may yet; a compensation takes none."""
    gone = Counter[int]()
    for row in earlier:
        known = Return.model_validate_json(row.seed)
        for claim in known.claims if not row.is_reckoned and known.kind is not Kind.COMPENSATION else ():
            gone[claim.line] += claim.quantity
    for taken in before.units:
        gone[taken.line] += taken.quantity
    return gone


def _added(made: Return, key: str | None, digest: str) -> dict[str, object]:
    return {
        "id": made.id,
        "order_id": made.order,
        "n": int(made.id.rpartition("-R")[2]),
        "shop": made.shop,
        "asked_key": key,
        "digest": digest,
        "seed": made.model_dump_json(),
        "news": json.dumps(news(made)),
        "asked_at": made.received_at,
        "kind": made.kind,
        "amount": made.amount.minor,
        "currency": made.amount.currency,
        "lines": [claim.line for claim in made.claims],
        "quantities": [claim.quantity for claim in made.claims],
    }


def _row(record: ReturnRecord) -> dict[str, object]:
    standing = record.standing
    return {
        "id": record.matter.id,
        **{name: getattr(standing, name) for name in ("stage", "since", "owner", "due_at", "waits_for")},
        "overdue": standing.is_overdue,
        "is_ended": record.is_ended,
        "is_dead": standing.stage in DEAD,
        "version": record.matter.version,
        "run": record.run,
        "told_at": record.told_at,
        "body": record.model_dump_json(),
        "news": json.dumps(news(record.matter)),
        "heard": list(record.heard),
        "amount": _amount(record.matter),
    }


def _amount(matter: Return) -> int | None:
    """What goes back: as it was decided; before that as expected since inspection, or if everything is as claimed."""
    is_known = matter.assessed or matter.expected or not inspected(matter)
    return stages.amount(matter).minor if is_known else None

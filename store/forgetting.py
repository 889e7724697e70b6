"""People who ask to be forgotten, by one order or by their phone."""

from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.case import Role
from models.errors import Missing, Refused, Unavailable
from models.noun import Id
from store.audit import Deed, noted
from store.contacts import Contacts, forgotten
from store.pictures import Pictures

# The order itself, first, and every order that was sent for its goods, or for theirs: the same person.
LINKED = text("""
    WITH RECURSIVE linked (order_id, far) AS (
        SELECT CAST(:order_id AS text), 0
        UNION ALL
        SELECT claims.order_id, far + 1 FROM linked JOIN claims ON seed #>> '{replaces,order}' = linked.order_id
    )
    SELECT order_id FROM linked
    UNION ALL -- what was photographed and written of parcels that turned out to be theirs
    SELECT strays.id FROM linked JOIN returns USING (order_id) JOIN strays ON strays.assigned_to = returns.id
    JOIN contact_keys ON contact_keys.order_id = strays.id
""")
# First of all, as by whoever asks something back: neither overtakes the other, nor waits for the other's key.
ALONE = text("SELECT FROM claims WHERE order_id = :order_id FOR NO KEY UPDATE")
# An order that was claimed and has not told of itself yet is under way too; so is one of which something comes back.
UNDER_WAY = text("""
    SELECT EXISTS (SELECT FROM orders WHERE id = :order_id AND NOT is_ended)
        OR EXISTS (SELECT FROM claims WHERE order_id = :order_id AND started_at IS NULL)
        OR EXISTS (SELECT FROM returns WHERE order_id = :order_id AND NOT is_ended)
""")


class Forgotten(NamedTuple):
    """Whose person nobody can read any more, and which orders are still under way: those keep theirs."""

    orders: tuple[Id, ...]
    under_way: tuple[Id, ...]


class Forgetting:
    """Each order is forgotten and written down, or neither. Its facts remain: there is nothing personal in them."""

    def __init__(self, contacts: Contacts, pictures: Pictures | None = None) -> None:
        self.contacts, self.pictures = contacts, pictures

    async def order(self, order_id: Id, who: Id, role: Role) -> bool:
        """Its names, phones, addresses, notes, pictures, and every word that came about it; false: done before.

        With it every order that was sent for its goods. Cost: one statement, and four for each order, in one
        transaction; then the pictures' files, which nobody can read any more.
        Raises: Missing("order_unknown"); Refused("still_under_way"): somebody may have to write a label.
        """
        is_news = await self._order(order_id, who, role)
        await self._tidied()
        return is_news

    async def person(self, phone: str, who: Id, role: Role) -> Forgotten:
        """Every order that ever went to this phone. One statement, and the cost of each order."""
        done, left = list[Id](), list[Id]()
        for order_id in await self.contacts.orders_of(phone):
            try:
                await self._order(order_id, who, role)
            except Refused:
                left.append(order_id)
            else:
                done.append(order_id)
        await self._tidied()
        return Forgotten(tuple(done), tuple(left))

    async def _order(self, order_id: Id, who: Id, role: Role) -> bool:
        async with self.contacts.db.begin() as conn:
            linked = (await conn.execute(LINKED, {"order_id": order_id})).scalars().all()
            news = [await _forgotten(conn, one, who, role) for one in linked]
        return any(news)

    async def _tidied(self) -> None:
        """Why no failure: what is left on a shelf that is away is unreadable, and goes the next time."""
        if self.pictures is not None:
            with suppress(Unavailable):
                await self.pictures.tidy()


async def _forgotten(conn: AsyncConnection, order_id: Id, who: Id, role: Role) -> bool:
    """Raises: Missing, Refused: then of all that are linked none is forgotten."""
    await conn.execute(ALONE, {"order_id": order_id})
    if (await conn.execute(UNDER_WAY, {"order_id": order_id})).scalar_one():
        raise Refused("still_under_way")
    try:
        is_news = await forgotten(conn, order_id)
    except Missing:
        raise Missing("order_unknown") from None
    if is_news:
        await noted(conn, Deed(who, role, "forget", order_id))
    return is_news

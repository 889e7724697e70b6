"""Pictures of an order's goods: sealed with the key of the order's person, and laid on a shelf outside the rows.

The bytes stay as they came, with whatever the camera wrote into them (place, time, its number): nobody here reads
that, it is as secret as the picture, and it is shown to whoever is shown the picture.

Why the row comes first: whatever lies on the shelf has a row, so that it is found when it must go. To forget a person
destroys the key, and then the files; a file that is left, on a shelf that was away or in a copy, is unreadable.
"""

import asyncio
import secrets

from sqlalchemy import Row, text

from models.errors import Garbled, Missing, Refused, Unavailable
from models.noun import Id
from models.picture import NewPicture, Picture, PictureKind
from rules.pictures import MOST, MOST_BYTES, kind_of
from store.contacts import Contacts
from store.seals import Key, Wrapped
from store.shelf import Shelf

PICTURE = "picture"
AT_ONCE = 100  # files that are removed in one go
FIELDS = 'id, order_id AS "order", about, occasion, added_by AS "by", taken_at, place, kind, size, added_at'

# The order's key is locked before: of several who add at once, one counts after the other. An addition that did not
# come to its end stands in nobody's way after ten minutes.
ADD = text(f"""
    INSERT INTO pictures (id, order_id, about, occasion, kind, size, digest, taken_at, place, added_by)
    SELECT :id, :order, :about, :occasion, :kind, :size, :digest, :taken_at, :place, :by
    WHERE :most > (
        SELECT count(*) FROM pictures
        WHERE order_id = :order AND about = :about AND occasion = :occasion AND digest <> :digest
            AND (added_at IS NOT NULL OR begun_at > now() - interval '10 minutes')
    )
    ON CONFLICT (order_id, about, occasion, digest) DO UPDATE SET begun_at = now()
    RETURNING {FIELDS}
""")  # noqa: S608  # our own columns
ADDED = text(f"""
    UPDATE pictures SET added_at = coalesce(added_at, now()) WHERE id = :id AND digest IS NOT NULL RETURNING {FIELDS}
""")  # noqa: S608  # our own columns
GET = text(f"""
    SELECT {FIELDS}, digest IS NULL AS is_gone, wrapped, master FROM pictures JOIN contact_keys USING (order_id)
    WHERE id = :id AND added_at IS NOT NULL
""")  # noqa: S608  # our own columns
LISTED = text(f"""
    SELECT {FIELDS} FROM pictures
    WHERE order_id = :order AND about = :about AND added_at IS NOT NULL AND digest IS NOT NULL ORDER BY added_at, id
""")  # noqa: S608  # our own columns
# Without a digest nobody adds it any more, so its file may go.
LEFT = text("""
    WITH given_up AS (
        UPDATE pictures SET digest = NULL
        WHERE added_at IS NULL AND digest IS NOT NULL AND begun_at < now() - interval '1 hour' RETURNING id
    )
    SELECT id FROM given_up UNION SELECT id FROM pictures WHERE digest IS NULL AND gone_at IS NULL LIMIT :limit
""")
GONE = text("UPDATE pictures SET gone_at = now() WHERE id = ANY(:ids)")


class Pictures:
    """What customers and warehouses photographed."""

    def __init__(self, contacts: Contacts, shelf: Shelf) -> None:
        self.contacts, self.shelf = contacts, shelf

    async def add(self, new: NewPicture, content: bytes) -> tuple[Picture, bool]:
        """The picture, and whether it is new: the same content about the same thing again is the same picture.

        Cost: three statements in two transactions, and the shelf between them.
        Raises: Garbled("picture_too_large"), Garbled("picture_unreadable"), Refused("pictures_full"),
        Missing("forgotten"); Unavailable: not kept, to be tried again.
        """
        row, key = await self._begun(new, _judged(content), content)
        if row.added_at is not None:
            return _picture(row), False
        sealed = await asyncio.to_thread(key.seal, content, f"{PICTURE}/{row.id}")
        await self.shelf.put(row.id, sealed)
        return await self._added(row.id), True

    async def get(self, picture_id: Id) -> tuple[Picture, bytes]:
        """One statement, and the shelf. Raises: Missing("picture_unknown"), ("forgotten"), ("picture_gone")."""
        async with self.contacts.db.begin() as conn:
            row = (await conn.execute(GET, {"id": picture_id})).one_or_none()
        if row is None:
            raise Missing("picture_unknown")
        key = self.contacts.master.unwrap(Wrapped(row.wrapped, row.master))
        if row.is_gone:
            raise Missing("picture_gone")
        sealed = await self.shelf.get(picture_id)
        return _picture(row), await asyncio.to_thread(key.open, sealed, f"{PICTURE}/{picture_id}")

    async def listing(self, order_id: Id, about: Id) -> tuple[Picture, ...]:
        """Every picture about one thing of an order, but for forgotten ones; the first one first. One statement."""
        async with self.contacts.db.begin() as conn:
            rows = (await conn.execute(LISTED, {"order": order_id, "about": about})).all()
        return tuple(_picture(row) for row in rows)

    async def tidy(self) -> int:
        """Files of people who are forgotten, and of additions that were given up, go; how many it were.

        Cost: two statements. Raises: Unavailable: the same ones are found again the next time.
        """
        async with self.contacts.db.begin() as conn:
            left = (await conn.execute(LEFT, {"limit": AT_ONCE})).scalars().all()
        for picture_id in left:
            await self.shelf.remove(picture_id)
        if left:
            async with self.contacts.db.begin() as conn:
                await conn.execute(GONE, {"ids": list(left)})
        return len(left)

    async def _begun(self, new: NewPicture, kind: PictureKind, content: bytes) -> tuple[Row[tuple[object, ...]], Key]:
        """Its row, perhaps that of somebody who began before us, and the key that seals it."""
        digest = await asyncio.to_thread(self.contacts.digest, b"picture:" + content)
        made = {"id": f"{PICTURE}-{secrets.token_hex(8)}", "kind": kind, "size": len(content), "digest": digest}
        async with self.contacts.db.begin() as conn:
            key = await self.contacts.key(conn, new.order)
            row = (await conn.execute(ADD, {**dict(new), **made, "most": MOST[new.occasion]})).one_or_none()
        if row is None:
            raise Refused("pictures_full")
        return row, key

    async def _added(self, picture_id: Id) -> Picture:
        async with self.contacts.db.begin() as conn:
            row = (await conn.execute(ADDED, {"id": picture_id})).one_or_none()
        if row is None:  # forgotten while we laid it down, or we took an hour
            await self.shelf.remove(picture_id)
            raise Unavailable("picture_interrupted")
        return _picture(row)


def _judged(content: bytes) -> PictureKind:
    if len(content) > MOST_BYTES:
        raise Garbled("picture_too_large")
    kind = kind_of(content)
    if kind is None:
        raise Garbled("picture_unreadable")
    return kind


def _picture(row: Row[tuple[object, ...]]) -> Picture:
    return Picture.model_validate({name: getattr(row, name) for name in Picture.model_fields})

"""What leaves a place together, and the address it leaves from."""

from sqlalchemy import text

from models.contact import Contact
from models.errors import Missing
from models.line import Box
from models.noun import Id
from store.database import Database

BOX = text("SELECT box AS id, place, units FROM reserved_boxes WHERE box = :box LIMIT 1")
SENDER = text("SELECT sender FROM places WHERE id = :place")
IS_PLACE = text("SELECT EXISTS (SELECT FROM places WHERE id = :place)")
PLACES = text("SELECT id FROM places ORDER BY id")
SET_SENDER = text("UPDATE places SET sender = CAST(:sender AS jsonb) WHERE id = :place RETURNING id")


class Boxes:
    """Boxes of every reservation."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def box(self, box_id: Id) -> Box:
        """One statement. Raises: Missing("box_unknown")."""
        async with self.db.begin() as conn:
            row = (await conn.execute(BOX, {"box": box_id})).mappings().one_or_none()
        if row is None:
            raise Missing("box_unknown")
        return Box.model_validate(dict(row))

    async def is_place(self, place: Id) -> bool:
        """Whether anything lies there, or may. One statement."""
        async with self.db.begin() as conn:
            return bool((await conn.execute(IS_PLACE, {"place": place})).scalar())

    async def places(self) -> tuple[Id, ...]:
        """Where goods lie, by name. One statement."""
        async with self.db.begin() as conn:
            return tuple((await conn.execute(PLACES)).scalars())

    async def sender(self, place: Id) -> Contact:
        """The place's own name, phone and address: a business's, no person's. One statement.

        Raises: Missing("sender_unknown").
        """
        async with self.db.begin() as conn:
            sender = (await conn.execute(SENDER, {"place": place})).scalar_one_or_none()
        if sender is None:
            raise Missing("sender_unknown")
        return Contact.model_validate(sender)

    async def send_from(self, place: Id, sender: Contact) -> None:
        """What stands on the labels of this place from now on. One statement. Raises: Missing("place_unknown")."""
        async with self.db.begin() as conn:
            done = await conn.execute(SET_SENDER, {"place": place, "sender": sender.model_dump_json()})
            if done.scalar_one_or_none() is None:
                raise Missing("place_unknown")

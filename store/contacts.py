"""People: their names, phones, addresses and free words, readable only with the keys, and only until forgotten."""

import hmac
import re
import secrets

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel, select

from models.case import Role
from models.contact import Contact
from models.errors import Missing
from models.noun import Id
from store.database import Database, Instant
from store.seals import Key, Master, Wrapped

CONTACT, NOTE = "contact", "note"


class ContactKeyRow(SQLModel, table=True):
    """The key of one order's person."""

    __tablename__ = "contact_keys"
    order_id: str = Field(primary_key=True)
    wrapped: bytes | None
    master: str
    made_at: Instant
    forgotten_at: Instant | None


class ContactRow(SQLModel, table=True):
    """One version of where an order goes."""

    __tablename__ = "contacts"
    order_id: str = Field(primary_key=True, foreign_key="contact_keys.order_id")
    version: int = Field(primary_key=True)
    sealed: bytes
    phone_hash: str | None
    added_at: Instant


class NoteRow(SQLModel, table=True):
    """Free words about an order."""

    __tablename__ = "notes"
    id: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="contact_keys.order_id", index=True)
    sealed: bytes
    added_at: Instant


# An update that changes nothing, so that the row is locked and its key comes back whoever made it.
KEY_OF = text("""
    INSERT INTO contact_keys (order_id, wrapped, master) VALUES (:order_id, :wrapped, :master)
    ON CONFLICT (order_id) DO UPDATE SET order_id = excluded.order_id
    RETURNING wrapped, master
""")
ADD = text("""
    INSERT INTO contacts (order_id, version, sealed, phone_hash)
    SELECT :order_id, coalesce(max(version), 0) + 1, :sealed, :phone_hash FROM contacts WHERE order_id = :order_id
    RETURNING version
""")
ADD_NOTE = text("INSERT INTO notes (id, order_id, sealed) VALUES (:id, :order_id, :sealed)")
FORGET = text("""
    WITH forgotten AS (
        UPDATE contact_keys SET wrapped = NULL, forgotten_at = coalesce(forgotten_at, now())
        WHERE order_id = :order_id RETURNING old.forgotten_at IS NULL AS is_first
    ), unhashed AS (
        UPDATE contacts SET phone_hash = NULL WHERE order_id = :order_id
    ), undigested AS (
        UPDATE claims SET digests = (
            SELECT coalesce(jsonb_object_agg(field, digest), '{}') FROM jsonb_each(digests) AS kept (field, digest)
            WHERE field <> 'note' AND NOT starts_with(field, 'receiver.')
        ) WHERE order_id = :order_id RETURNING raw
    ), unpictured AS (
        UPDATE pictures SET digest = NULL WHERE order_id = :order_id
    ), unheard AS (
        UPDATE raws SET wrapped = NULL WHERE id IN (
            SELECT raw FROM undigested UNION ALL SELECT raw FROM inbox WHERE order_id = :order_id
            UNION ALL SELECT raw FROM inbox JOIN returns ON returns.id = inbox.order_id
            WHERE returns.order_id = :order_id
        )
    )
    SELECT count(*) AS found, count(*) FILTER (WHERE is_first) AS first FROM forgotten
""")


class Contacts:
    """One key for each order's person; the master key seals those keys, the hash key makes phones findable."""

    def __init__(self, db: Database, master_key: bytes, hash_key: bytes, older: tuple[bytes, ...] = ()) -> None:
        self.db, self.master, self._hash_key = db, Master(master_key, older), hash_key

    def digest(self, words: bytes) -> str:
        """Equal words have equal digests, and without our key nobody can guess words from them."""
        return hmac.digest(self._hash_key, words, "sha256").hex()

    def phone_hash(self, phone: str) -> str:
        """The same for every spelling of one number: +86 138-0013-8000, 0086 13800138000, 13800138000."""
        digits = re.sub(r"\D", "", phone).removeprefix("00")
        is_abroad = len(digits) != len("8613800138000") or not digits.startswith("86")
        return self.digest(f"phone:{digits if is_abroad else digits[2:]}".encode())

    async def add(self, order_id: Id, contact: Contact) -> int:
        """The next version. Cost: two statements. Raises: Missing("forgotten")."""
        plain, phone_hash = contact.model_dump_json().encode(), self.phone_hash(contact.phone)
        async with self.db.begin() as conn:
            sealed = (await self.key(conn, order_id)).seal(plain, f"{CONTACT}/{order_id}")
            row = {"order_id": order_id, "sealed": sealed, "phone_hash": phone_hash}
            return int((await conn.execute(ADD, row)).scalar_one())

    async def get(self, order_id: Id, version: int) -> Contact:
        """One statement. Raises: Missing("contact_unknown"), Missing("forgotten")."""
        found = (
            select(ContactRow.sealed, ContactKeyRow.wrapped, ContactKeyRow.master)
            .join(ContactKeyRow)
            .where(ContactRow.order_id == order_id, ContactRow.version == version)
        )
        async with self.db.begin() as conn:
            row = (await conn.execute(found)).one_or_none()
        if row is None:
            raise Missing("contact_unknown")
        plain = self.master.unwrap(Wrapped(row.wrapped, row.master)).open(row.sealed, f"{CONTACT}/{order_id}")
        return Contact.model_validate_json(plain)

    async def forget(self, order_id: Id) -> bool:
        """Destroy the keys of the order's person and of every message about it; whether that is news. Twice is once.

        Why: digests by which a phone or a picture could be found or guessed go too. The order itself holds nothing
        personal. One statement. Raises: Missing("contact_unknown").
        """
        async with self.db.begin() as conn:
            return await forgotten(conn, order_id)

    async def orders_of(self, phone: str) -> tuple[Id, ...]:
        """Every order that ever went to this phone, but for those whose person is forgotten. One statement."""
        found = select(ContactRow.order_id).where(ContactRow.phone_hash == self.phone_hash(phone))
        async with self.db.begin() as conn:
            return tuple((await conn.execute(found.distinct().order_by(ContactRow.order_id))).scalars())

    async def add_note(self, order_id: Id, words: str) -> Id:
        """Free words, kept like a contact: what travels is this id. Two statements. Raises: Missing("forgotten")."""
        async with self.db.begin() as conn:
            return await put_note(conn, await self.key(conn, order_id), order_id, words)

    async def note(self, note_id: Id) -> str:
        """One statement. Raises: Missing("note_unknown"), Missing("forgotten")."""
        found = select(NoteRow.sealed, ContactKeyRow.wrapped, ContactKeyRow.master).join(ContactKeyRow)
        async with self.db.begin() as conn:
            row = (await conn.execute(found.where(NoteRow.id == note_id))).one_or_none()
        if row is None:
            raise Missing("note_unknown")
        return self.master.unwrap(Wrapped(row.wrapped, row.master)).open(row.sealed, f"{NOTE}/{note_id}").decode()

    async def key(self, conn: AsyncConnection, order_id: Id) -> Key:
        """The key of the order's person, made if need be, and its row locked. One statement. Raises: Missing."""
        kept = self.master.fresh()[1]._asdict()
        row = (await conn.execute(KEY_OF, {"order_id": order_id, **kept})).one()
        return self.master.unwrap(Wrapped(row.wrapped, row.master))


async def put_note(conn: AsyncConnection, key: Key, order_id: Id, words: str) -> Id:
    """Free words within somebody's transaction, under the key of the order's person. One statement."""
    note_id = f"note-{secrets.token_hex(8)}"
    sealed = key.seal(words.encode(), f"{NOTE}/{note_id}")
    await conn.execute(ADD_NOTE, {"id": note_id, "order_id": order_id, "sealed": sealed})
    return note_id


async def forgotten(conn: AsyncConnection, order_id: Id) -> bool:
    """Their keys are destroyed; whether they were there until now. Raises: Missing("contact_unknown")."""
    row = (await conn.execute(FORGET, {"order_id": order_id})).one()
    if not row.found:
        raise Missing("contact_unknown")
    return bool(row.first)


def masked(contact: Contact, role: Role) -> dict[str, str]:
    """What a role may read of a contact.

    Why: the warehouse writes labels by hand when no courier's system will; service asks the caller for the tail.
    """
    match role:
        case Role.ADMIN | Role.WAREHOUSE:
            return contact.model_dump()
        case Role.SERVICE:
            return {"name": contact.name, "phone": _tail(contact.phone)}
        case Role.OPS | Role.SHOP:
            return contact.model_dump() | _starred(contact)
        case Role.FINANCE:
            return {}


def _starred(contact: Contact) -> dict[str, str]:
    phone = contact.phone
    shown = f"{phone[:3]}****{phone[-4:]}" if len(phone) > len("0000000") else _tail(phone)
    return {"name": f"{contact.name[0]}**", "phone": shown, "address": "***"}


def _tail(phone: str) -> str:
    return f"****{phone[-4:]}"

"""What is ours: an order exists when its claim exists, and a claim is for ever."""

import json
from base64 import b32encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count

from pydantic import JsonValue
from sqlalchemy import BigInteger, RowMapping, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, select

from models.bargain import Bargain
from models.errors import Missing, Refused, Unavailable
from models.intake import NewOrder
from models.noun import Id
from models.order import Flag, Order, Replaces
from models.policy import Policy
from store import likeness, raws
from store.contacts import CONTACT, Contacts
from store.database import Broken, Database, Instant
from store.policies import Policies

TRIES = 5
SAME_ORDER, SAME_NUMBER = "claims_pkey", "claims_business_no_key"
CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
Numbers = Callable[[Id], Iterator[Id]]


class ClaimRow(SQLModel, table=True):
    """One order that is ours."""

    __tablename__ = "claims"
    order_id: str = Field(primary_key=True)
    business_no: str = Field(unique=True)
    digests: dict[str, str] = Field(sa_type=JSONB)
    seed: dict[str, JsonValue] = Field(sa_type=JSONB)
    raw: int = Field(foreign_key="raws.id", sa_type=BigInteger)
    claimed_at: Instant
    started_at: Instant | None
    relay_at: Instant
    relays: int


@dataclass(frozen=True)
class Claimed:
    """The order as it was when it became ours, and the fields in which somebody now says otherwise."""

    order: Order
    is_new: bool
    differing: tuple[str, ...] = ()


# One at a time for each phone: else three orders in the same instant would not see each other.
LOOK = text(f"""
    SELECT pg_advisory_xact_lock(hashtextextended(:phone_hash, 0)), now() AS now, claims.digests, claims.seed::text,
        policy.version, policy.body
    FROM (SELECT) AS one
    LEFT JOIN claims ON claims.order_id = :order_id
    LEFT JOIN LATERAL ({Policies.in_force()}) AS policy ON claims.order_id IS NULL
""")  # noqa: S608  # both words are our own
CLAIM = text("""
    WITH unpaid AS (
        SELECT count(*) >= 2 AS is_thrice FROM contacts LEFT JOIN orders ON orders.id = contacts.order_id
        WHERE phone_hash = :phone_hash AND contacts.version = 1 AND added_at > now() - interval '1 hour'
            -- paid and stopped is 'refunded'; what is sent for other goods has no price
            AND (orders.id IS NULL OR (orders.stage IN ('received', 'cancelled') AND orders.total > 0))
    ), words AS (
        INSERT INTO raws (party, account, sealed, wrapped, master)
        VALUES (:channel, :shop, :sealed, :wrapped, :master) RETURNING id
    ), claim AS (
        INSERT INTO claims (order_id, business_no, digests, seed, raw, started_at)
        SELECT :order_id, :business_no, CAST(:digests AS jsonb), CASE WHEN is_thrice
            THEN jsonb_set(CAST(:seed AS jsonb), '{flags}', CAST(:flags AS jsonb))
            ELSE CAST(:seed AS jsonb) END, words.id,
            (SELECT now() FROM orders WHERE id = :order_id) -- a story that knows it from before a backup
        FROM words, unpaid RETURNING seed::text
    ), key AS (
        INSERT INTO contact_keys (order_id, wrapped, master) VALUES (:order_id, :contact_wrapped, :master)
    ), contact AS (
        INSERT INTO contacts (order_id, version, sealed, phone_hash)
        VALUES (:order_id, 1, :contact_sealed, :phone_hash)
    )
    SELECT seed FROM claim
""")
UNSTARTED = text("""
    WITH due AS (
        SELECT order_id FROM claims
        WHERE started_at IS NULL AND relay_at <= now() AND claimed_at <= now() - :older_than
        ORDER BY relay_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE claims SET relays = relays + 1,
        relay_at = now() + (ARRAY[5, 15, 60, 180, 600])[least(relays + 1, 5)] * interval '1 second'
    FROM due WHERE claims.order_id = due.order_id RETURNING seed::text
""")


def business_numbers(order_id: Id) -> Iterator[Id]:
    """The one number of an order for every party, and what it gets if another order has it already.

    Units: 80 bits of a digest in 16 characters of Crockford's base32, which has no I, L, O or U to be misread.
    """
    for again in count():
        words = f"{order_id}#{again}" if again else order_id
        yield b32encode(sha256(words.encode()).digest()[:10]).translate(CROCKFORD).decode()


class Claims:
    """Takes orders in, once each, with all that must be known before their story begins."""

    def __init__(
        self, db: Database, contacts: Contacts, policies: Policies, numbers: Numbers = business_numbers
    ) -> None:
        self.db, self.contacts, self.policies, self._numbers = db, contacts, policies, numbers

    async def claim(self, new: NewOrder, raw: bytes, replaces: Replaces | None = None) -> Claimed:
        """One transaction: the claim, who it goes to, the policy it lives by, and the words it came in.

        Cost: two statements for a new order, one for the same again. Raises: Unavailable; Refused("number_taken"): the
        number of an order that is sent for another's goods is somebody else's.
        """
        numbers = self._numbers(new.id)
        number = next(numbers)
        for _ in range(TRIES):
            try:
                return await self._claim(new, raw, number, replaces)
            except Broken as taken:
                if taken.constraint not in {SAME_ORDER, SAME_NUMBER}:
                    raise
                number = next(numbers) if taken.constraint == SAME_NUMBER else number
        raise Unavailable("claim_contended")

    async def seed(self, order_id: Id) -> Order:
        """The order as it was when it became ours. One statement. Raises: Missing("order_unknown")."""
        async with self.db.begin() as conn:
            seed = (await conn.execute(select(ClaimRow.seed).where(ClaimRow.order_id == order_id))).scalar()
        if seed is None:
            raise Missing("order_unknown")
        return Order.model_validate(seed)

    async def raw(self, order_id: Id) -> bytes:
        """The words it came in. Two statements. Raises: Missing("order_unknown"), Missing("forgotten")."""
        async with self.db.begin() as conn:
            raw = (await conn.execute(select(ClaimRow.raw).where(ClaimRow.order_id == order_id))).scalar()
        if raw is None:
            raise Missing("order_unknown")
        return await raws.raw_of(self.db, self.contacts.master, raw)

    async def order_of(self, business_no: Id) -> Id:
        """Whose number it is. One statement. Raises: Missing("order_unknown")."""
        async with self.db.begin() as conn:
            found = await conn.execute(select(ClaimRow.order_id).where(ClaimRow.business_no == business_no))
            order_id = found.scalar()
        if order_id is None:
            raise Missing("order_unknown")
        return order_id

    async def unstarted(self, limit: int, older_than: timedelta) -> tuple[Order, ...]:
        """Claims whose story has not told of itself yet: start it. Each is given out once, and again after a while.

        Units: 5 s, 15 s, 1 min, 3 min, then every 10 min. One statement.
        """
        async with self.db.begin() as conn:
            rows = await conn.execute(UNSTARTED, {"limit": limit, "older_than": older_than})
            return tuple(Order.model_validate_json(seed) for seed in rows.scalars())

    async def _claim(self, new: NewOrder, raw: bytes, number: Id, replaces: Replaces | None) -> Claimed:
        phone_hash = self.contacts.phone_hash(new.receiver.phone)
        async with self.db.begin() as conn:
            asked = {"order_id": new.id, "phone_hash": phone_hash, **self.policies.scopes(f"{new.channel}/{new.shop}")}
            known = (await conn.execute(LOOK, asked)).mappings().one()
            if known["seed"] is not None:
                return self._again(new, known, replaces)
            policy = self.policies.read(known["version"], known["body"])
            seed = _seed(new, number, policy, known["now"]).model_copy(update={"replaces": replaces})
            row = self._row(new, raw) | {"seed": seed.model_dump_json(), "business_no": number}
            claimed = await conn.execute(CLAIM, row | {"phone_hash": phone_hash})
            return Claimed(Order.model_validate_json(claimed.scalar_one()), is_new=True)

    def _again(self, new: NewOrder, known: RowMapping, replaces: Replaces | None) -> Claimed:
        order = Order.model_validate_json(known["seed"])
        if replaces is not None and order.replaces != replaces:
            raise Refused("number_taken")
        differing = likeness.differing(known["digests"], likeness.digests(new, self.contacts.digest))
        return Claimed(order, is_new=False, differing=differing)

    def _row(self, new: NewOrder, raw: bytes) -> dict[str, str | bytes | None]:
        key, kept = self.contacts.master.fresh()
        return {
            "order_id": new.id,
            "channel": new.channel,
            "shop": new.shop,
            "digests": json.dumps(likeness.digests(new, self.contacts.digest)),
            "flags": json.dumps([Flag.UNPAID_THRICE]),
            "contact_wrapped": kept.wrapped,
            "contact_sealed": key.seal(new.receiver.model_dump_json().encode(), f"{CONTACT}/{new.id}"),
            **raws.sealed(self.contacts.master, raw),
        }


def _seed(new: NewOrder, number: Id, policy: Policy, now: datetime) -> Order:
    return Order(
        id=new.id,
        business_no=number,
        paying=new.paying,
        lines=new.lines,
        total=new.total,
        bargain=Bargain(freight=new.freight, promotions=new.promotions),
        destination=new.receiver.district_code,
        received_at=now,
        policy=policy.model_copy(update={"provider": new.provider}) if new.provider else policy,
    )

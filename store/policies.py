"""The numbers that orders and returns live by, as rows: whose, since when, by whom. Only followed by newer ones."""

import json
from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel, col, insert, select

from models.errors import Refused
from models.noun import Id
from models.policy import Policy
from models.return_policy import ReturnPolicy
from store.database import Database, Instant

P = TypeVar("P", Policy, ReturnPolicy)


class PolicyRow(SQLModel, table=True):
    """One policy of a shop or of a channel."""

    __tablename__ = "policies"
    version: int = Field(primary_key=True)
    about: str
    scope: str
    effective_from: Instant
    author: str
    body: dict[str, JsonValue] = Field(sa_type=JSONB)
    written_at: Instant


@dataclass(frozen=True)
class Written(Generic[P]):
    """A policy, and who wrote it when."""

    policy: P
    scope: Id
    effective_from: datetime
    author: Id
    written_at: datetime


# The longer scope is the nearer one: a shop's word goes before its channel's.
IN_FORCE = """
    SELECT version, body FROM policies
    WHERE about = '{about}' AND scope IN (:shop, :channel) AND effective_from <= now()
    ORDER BY length(scope) DESC, effective_from DESC, version DESC LIMIT 1
"""


class _Rows(Generic[P]):
    """Of a shop, else of its channel, else the house's own."""

    about: ClassVar[str]

    def __init__(self, db: Database) -> None:
        self.db = db

    @classmethod
    def in_force(cls) -> str:
        """Of :shop, or of :channel: `version` and `body`."""
        return IN_FORCE.format(about=cls.about)

    async def current(self, shop: Id) -> P:
        """What a new one of `<channel>/<shop>` is given. One statement."""
        async with self.db.begin() as conn:
            return await self.current_in(conn, shop)

    async def current_in(self, conn: AsyncConnection, shop: Id) -> P:
        """The same within somebody's transaction."""
        row = (await conn.execute(text(self.in_force()), self.scopes(shop))).one_or_none()
        return self.read(row.version, row.body) if row else self.read(None, {})

    async def put(self, shop_or_channel: Id, policy: P, author: Id, effective_from: datetime | None = None) -> int:
        """The next policy, from now or from a later moment; its version, unique in the house. One statement.

        Raises: Refused("not_a_scope") for anything but `<channel>` or `<channel>/<shop>`.
        """
        if shop_or_channel.count("/") > 1:
            raise Refused("not_a_scope")
        row = {
            "about": self.about,
            "scope": shop_or_channel,
            "author": author,
            "body": json.loads(policy.model_dump_json(exclude={"version"})),
        }
        if effective_from:
            row["effective_from"] = effective_from
        async with self.db.begin() as conn:
            written = await conn.execute(insert(PolicyRow).values(row).returning(col(PolicyRow.version)))
            return written.scalar_one()

    async def history(self, shop: Id) -> tuple[Written[P], ...]:
        """Everything that was ever in force for it or will be, the newest first. One statement."""
        whose = (col(PolicyRow.about) == self.about, col(PolicyRow.scope).in_(self.scopes(shop).values()))
        found = select(PolicyRow).where(*whose)
        newest = (col(PolicyRow.effective_from).desc(), col(PolicyRow.version).desc())
        async with self.db.begin() as conn:
            rows = await conn.execute(found.order_by(*newest))
        return tuple(
            Written(self.read(row.version, row.body), row.scope, row.effective_from, row.author, row.written_at)
            for row in rows
        )

    @staticmethod
    def scopes(shop: Id) -> dict[str, Id]:
        """Whose policies count for a shop, as IN_FORCE asks for them."""
        return {"shop": shop, "channel": shop.partition("/")[0]}

    @staticmethod
    @abstractmethod
    def read(version: int | None, body: dict[str, JsonValue]) -> P:
        """What IN_FORCE found; nothing: the house's own."""


class Policies(_Rows[Policy]):
    """What orders live by."""

    about = "orders"

    @staticmethod
    def read(version: int | None, body: dict[str, JsonValue]) -> Policy:
        """What was found; nothing: the house's own."""
        return Policy.model_validate(body | {"version": version}) if version else Policy()


class ReturnPolicies(_Rows[ReturnPolicy]):
    """What returns are judged and reckoned by."""

    about = "returns"

    @staticmethod
    def read(version: int | None, body: dict[str, JsonValue]) -> ReturnPolicy:
        """What was found; nothing: the house's own."""
        return ReturnPolicy.model_validate(body | {"version": version}) if version else ReturnPolicy()

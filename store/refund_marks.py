"""What makes a refund risky, as the store knows it: for whoever looks at it, and for what would go by itself."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from models.noun import Id, Money
from models.refund import Way
from models.refund_risk import RefundSeen
from models.return_policy import ReturnPolicy
from models.rma import Return
from rules import refund_risks
from rules.refund_grounds import is_otherwise
from store.refund_statements import SEEN

ENOUGH = 10  # refunds of a shop, from which on it has something usual
KNOWN = ("account_since", "watched_since", "returns_lately", "paid_at", "address_changed_at")


async def guarded(conn: AsyncConnection, made: Return, lately: int, policy: ReturnPolicy) -> Return:
    """As it is asked for: what is marked does not go by itself, however little it is.

    `lately`: returns of the customer before it. One statement, none where nothing goes by itself.
    """
    if not made.freely.minor:
        return made
    asked = {"order_id": made.order, "shop": made.shop, "enough": ENOUGH}
    known = (await conn.execute(SEEN, asked)).mappings().one()
    row = {**known, "returns_lately": lately, "asked_at": made.received_at, "amount": made.amount.minor}
    return made.model_copy(update={"freely": Money(minor=0)}) if marks(row, made, policy) else made


def marks(row: Mapping[str, Any], matter: Return, policy: ReturnPolicy) -> tuple[Id, ...]:
    """The names of all that is so."""
    return refund_risks.risks(_seen(row, matter), policy.risks)


def _seen(row: Mapping[str, Any], matter: Return) -> RefundSeen:
    usual = row["usual"]
    return RefundSeen(
        kind=matter.kind,
        why=matter.why,
        asked_at=row["asked_at"],
        amount=Money(minor=row["amount"]),
        usual=None if usual is None else Money(minor=usual),
        proofs=tuple(row["proofs"] or ()),
        came_otherwise=is_otherwise(matter),
        is_more=row["amount"] > matter.amount.minor,
        paid_by=tuple(row["paid_by"] or ()),
        goes_to=_goes_to(row, matter),
        **{name: row[name] for name in KNOWN},
    )


def _goes_to(row: Mapping[str, Any], matter: Return) -> tuple[Id, ...]:
    """To the shop's wallet, or back the way it came."""
    return (matter.way,) if matter.way is Way.BALANCE else tuple(row["paid_by"] or ())

"""How much each return gives back: decided once, under the lock of its order."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from models.fact import GoodsInspected
from models.noun import Id, Money
from models.order import Order
from models.payment import Payment
from models.refund import Before, Grounds, Portion
from models.returns import Kind
from models.rma import Assessed, Part, Return
from rules import gradings, refund_shares, return_stages
from rules.payments import captured_at
from rules.refund_before import with_own
from rules.spreading import spread
from rules.wallets import giver
from store import return_statements as say


async def before(conn: AsyncConnection, order_id: Id) -> Before:
    """What earlier returns of the order took."""
    known = (await conn.execute(say.BEFORE, {"order_id": order_id})).scalar()
    return Before.model_validate_json(known) if known else Before()


async def assessed(conn: AsyncConnection, order: Order, matter: Return, at: datetime) -> Assessed:
    """What was decided before, or what is now. Raises: Refused where the payments do not hold it."""
    known = (await conn.execute(say.SUM, {"id": matter.id})).scalar()
    if known:
        return Assessed.model_validate_json(known)
    earlier = await before(conn, order.id)
    grounds = _grounds(matter)
    shares = refund_shares.shares(order, order.bargain, matter.terms, grounds, with_own(order, earlier, matter.id))
    total = Money(minor=refund_shares.refund(shares), currency=order.total.currency)
    parts = _parts(order, spread(order.payments, await _back(conn, order), total, matter.way))
    made = Assessed(shares=shares, parts=parts, at=at)
    await _keep(conn, matter, made, earlier)
    return made


async def known_again(conn: AsyncConnection, matter: Return) -> None:
    """What was decided, as the return tells it, where no row of ours does."""
    if matter.assessed and (await conn.execute(say.SUM, {"id": matter.id})).scalar() is None:
        await _keep(conn, matter, matter.assessed, await before(conn, matter.order))


async def _keep(conn: AsyncConnection, matter: Return, made: Assessed, earlier: Before) -> None:
    row = {"id": matter.id, "order_id": matter.order, "assessed": made.model_dump_json()}
    after = refund_shares.after(_grounds(matter), made.shares, earlier)
    await conn.execute(say.ADD_SUM, {**row, "before": after.model_dump_json()})


def _grounds(matter: Return) -> Grounds:
    """What inspection found, where goods came back; else what was claimed."""
    seen = return_stages.told(matter, GoodsInspected) if matter.kind is Kind.RETURN else None
    units = gradings.within(matter.claims, seen.graded) if seen else matter.claims
    return Grounds(kind=matter.kind, why=matter.why, units=units, decided=matter.amount, seen=matter.goods)


async def _back(conn: AsyncConnection, order: Order) -> list[Portion]:
    rows = (await conn.execute(say.BACK, {"order_id": order.id})).all()
    currency = order.total.currency
    return [Portion(transaction=row.transaction, amount=Money(minor=row.minor, currency=currency)) for row in rows]


def _parts(order: Order, portions: tuple[Portion, ...]) -> tuple[Part, ...]:
    held = {payment.transaction: payment for payment in order.payments}
    return tuple(_part(order, held[portion.transaction], portion) for portion in portions)


def _part(order: Order, payment: Payment, portion: Portion) -> Part:
    bill = payment.captures[0].bill  # none: told by a person, of whoever the shop is paid by
    return Part(
        transaction=payment.transaction,
        bill=bill,
        party=giver(order, bill, portion.way),
        whole=payment.amount,
        paid_at=captured_at(payment),
        amount=portion.amount,
    )

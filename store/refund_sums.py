"""How much each return gives back: decided once, under the lock of its order."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from models.errors import Refused
from models.noun import Id, Money
from models.order import Order, Record
from models.payment import Payment
from models.refund import Before, Portion
from models.returns import Share
from models.rma import Assessed, Part, Return
from rules import refund_shares
from rules import return_stages as stages
from rules.refund_before import with_own
from rules.refund_grounds import grounds
from rules.spreading import spread
from rules.wallets import giver
from store import return_statements as say


async def before(conn: AsyncConnection, order_id: Id) -> Before:
    """What earlier returns of the order took."""
    known = (await conn.execute(say.BEFORE, {"order_id": order_id})).scalar()
    return Before.model_validate_json(known) if known else Before()


async def assessed(conn: AsyncConnection, order: Order, matter: Return, at: datetime) -> Assessed:
    """What was decided before, or what is now; more than was let go is said, and not decided.

    Raises: Refused where the payments do not hold it.
    """
    known = (await conn.execute(say.SUM, {"id": matter.id})).scalar()
    if known:
        return Assessed.model_validate_json(known)
    earlier = await before(conn, order.id)
    shares = _shares(order, matter, earlier)
    total = Money(minor=refund_shares.refund(shares), currency=order.total.currency)
    parts = _parts(order, spread(order.payments, await _back(conn, order), total, matter.way))
    made = Assessed(shares=shares, parts=parts, at=at)
    if stages.is_let_go(matter, made):
        await _keep(conn, matter, made, earlier)
    return made


async def expected(conn: AsyncConnection, matter: Return) -> None:
    """What finance is shown until it is decided: by what inspection found, beside what was decided of other returns."""
    body = (await conn.execute(say.ORDER, {"order_id": matter.order})).scalar()
    order = Record.model_validate_json(body).order if body else None
    with suppress(Refused):  # more than there is: what was claimed stands, and the decision will say so
        if order:
            shares = _shares(order, matter, await before(conn, order.id))
            await conn.execute(say.EXPECT, {"id": matter.id, "amount": refund_shares.refund(shares)})


def _shares(order: Order, matter: Return, earlier: Before) -> tuple[Share, ...]:
    before_it = with_own(order, earlier, matter.id)
    return refund_shares.shares(order, order.bargain, matter.terms, grounds(matter), before_it)


async def known_again(conn: AsyncConnection, matter: Return) -> None:
    """What was decided, as the return tells it, where no row of ours does."""
    if matter.assessed and (await conn.execute(say.SUM, {"id": matter.id})).scalar() is None:
        await _keep(conn, matter, matter.assessed, await before(conn, matter.order))


async def _keep(conn: AsyncConnection, matter: Return, made: Assessed, earlier: Before) -> None:
    row = {"id": matter.id, "order_id": matter.order, "assessed": made.model_dump_json()}
    after = refund_shares.after(grounds(matter), made.shares, earlier)
    await conn.execute(say.ADD_SUM, {**row, "before": after.model_dump_json()})


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
        amount=portion.amount,
    )

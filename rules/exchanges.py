"""The order that is sent for what was wrong, or came back: it has no price (补发、换货)."""

from models.contact import Contact
from models.fact import GoodsInspected
from models.intake import NewOrder
from models.line import Line
from models.noun import LONGEST_SEGMENT, Money, Segment
from models.order import Order, Replaces
from models.returns import Claim, Kind
from models.rma import Return
from rules import gradings
from rules import return_stages as stages

KINDS = (Kind.RESHIP, Kind.EXCHANGE)


def units(matter: Return) -> tuple[Claim, ...]:
    """What is sent: what did not come right, or what came back of what was asked for."""
    seen = stages.told(matter, GoodsInspected)
    return gradings.came(matter.claims, seen.graded) if seen else matter.claims


def number_of(order: Order, matter: Return) -> Segment:
    """The same however often it is made: the first order's, and how manieth return it is for."""
    nth = matter.id.rpartition("-R")[2]
    number = f"{order.id.rpartition('/')[2]}-X{nth}"
    return number if len(number) <= LONGEST_SEGMENT else f"{order.business_no}-X{nth}"


def sent_for(order: Order, matter: Return, receiver: Contact) -> NewOrder:
    """To where the first order went at last."""
    channel, shop, _ = order.id.split("/")
    nothing = Money(minor=0, currency=order.total.currency)
    other = {wanted.line: wanted.sku for wanted in matter.instead}
    wanted = [(other.get(unit.line, order.lines[unit.line].sku), unit.quantity) for unit in units(matter)]
    return NewOrder(
        channel=channel,
        shop=shop,
        number=number_of(order, matter),
        lines=tuple(Line(sku=sku, quantity=quantity, unit_price=nothing) for sku, quantity in wanted),
        discount=nothing,
        freight=nothing,
        total=nothing,
        placed_at=matter.received_at,
        receiver=receiver,
    )


def link(matter: Return) -> Replaces:
    """What it is sent for."""
    return Replaces(return_id=matter.id, order=matter.order)

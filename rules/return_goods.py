"""Where the goods are that a return is about, and what they may be exchanged for."""

from collections import Counter

from models.noun import Id
from models.return_policy import ReturnPolicy
from models.returns import Kind, Why
from rules import boxes, return_days, wishes
from rules.return_asking import Asking, claimed


def is_just_sent_wrong(asking: Asking) -> bool:
    """The right thing is asked for, of units that left a moment ago."""
    wanted, order = asking.wanted, asking.order
    if wanted.why is not Why.WRONG_ITEM or wanted.kind is not Kind.RESHIP:
        return False
    left = [return_days.left_at(order, part.line.sku) for part in claimed(asking)]
    return all(at and wanted.asked_at - at <= asking.policy.wrong_item_within for at in left)


def undelivered(asking: Asking) -> int | None:
    """The first line of which more is claimed than the customer has: lines of one thing share its units."""
    units = Counter[Id]()
    for part in claimed(asking):
        units[part.line.sku] += part.claim.quantity
        if units[part.line.sku] > return_days.with_customer(asking.order, part.line.sku):
            return part.claim.line
    return None


def is_still_here(asking: Asking) -> bool:
    """Money back for units of which none has left: nothing has to come back, whatever the reason."""
    order, here, wanted = asking.order, Counter[Id](), Counter[Id]()
    for units in (units for box in wishes.unshipped(order) for units in boxes.contents(order, box)):
        here[units.sku] += units.quantity
    for part in claimed(asking):
        wanted[part.line.sku] += part.claim.quantity
    return asking.wanted.kind is Kind.REFUND_ONLY and bool(wanted) and wanted <= here


def are_alike(policy: ReturnPolicy, one: Id, other: Id) -> bool:
    """They cost the same, says the shop: another size or colour."""
    return any(one.startswith(begins) and other.startswith(begins) for begins in policy.alike)

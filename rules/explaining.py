"""Why an order is where it is."""

from models.case import Owner
from models.errand import Errand, What
from models.order import Order
from models.policy import Amendment, Span
from models.story import Explanation, Try
from models.wish import (
    AmendPolicy,
    Approve,
    Cancel,
    CancelRest,
    ChangeAddress,
    GiveUp,
    HoldBack,
    Release,
    Retry,
    Urge,
    Wish,
)
from rules import deadlines, inquiries, permissions
from rules.silences import BY_NAME

LAST = 5
ANYBODY = "somebody"


def explain(order: Order) -> Explanation:
    """What it waits for, since when, until when, what was tried, who must look and what may be done."""
    standing = deadlines.standing(order)
    row = BY_NAME.get(standing.waits_for or "")
    due = row.due(order) if row else None
    return Explanation(
        waits_for=standing.waits_for,
        words=_words(order),
        since=due.since if due else standing.since,
        until=standing.due_at,
        owner=standing.owner or (Owner.OWNER if row and row.is_for_people else None),
        role=row.role if row else None,
        tries=tuple(_try(errand) for errand in order.errands[-LAST:]),
        allowed=allowed(order),
        shield=inquiries.shield(order),
    )


def allowed(order: Order) -> tuple[str, ...]:
    """The wishes that would be granted now."""
    granted = [wish.kind for wish in _wishes(order) if permissions.refusal(order, wish) is None]
    return tuple(dict.fromkeys(granted))


def _words(order: Order) -> str:
    alarm = deadlines.next_alarm(order)
    if order.hold:
        return f"held: {order.hold.code}"
    return alarm.words if alarm else "waiting for nobody"


def _try(errand: Errand) -> Try:
    outcome = errand.code or errand.state.value
    return Try(what=errand.what.value, key=errand.key, party=errand.party, began_at=errand.began_at, outcome=outcome)


def _wishes(order: Order) -> tuple[Wish, ...]:
    longer = Amendment(span=Span.SHIP_WITHIN, plus=order.policy.ship_within)
    return (
        Cancel(by=ANYBODY),
        CancelRest(by=ANYBODY),
        HoldBack(by=ANYBODY),
        Release(by=ANYBODY),
        ChangeAddress(by=ANYBODY, contact_version=order.contact_version + 1, destination=order.destination),
        Approve(by=ANYBODY),
        Urge(by=ANYBODY),
        AmendPolicy(by=ANYBODY, change=longer),
        Retry(by=ANYBODY),
        Retry(by=ANYBODY, what=What.LABEL),  # of a label that may exist
        GiveUp(by=ANYBODY),
    )

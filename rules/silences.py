"""What an order may be waiting for: since when, until when, and whose work it is."""

from collections.abc import Callable
from datetime import datetime

from models.case import Role
from models.errand import State, What
from models.fact import Milestone, ParcelReceivedBack, ParcelTracked
from models.inquiry import Inquiry
from models.noun import Id
from models.order import Order
from models.stage import ENDED, Stage
from models.wish import Cancel, CancelRest, Expire, Urge
from rules import (
    aftersales,
    boxes,
    errands,
    holds,
    inquiries,
    parcels,
    payments,
    refusals,
    scans,
    stages,
    standstill,
    undoing,
    wishes,
)
from rules.ladder import AT_ONCE, Allows, Deadline, Due
from rules.reviews import approved_at

Watch = Callable[[Order], Due | None]


def _next_is(stage: Stage, allows: Allows) -> Watch:
    def due(order: Order) -> Due | None:
        since = stages.waiting_since(order, stage)
        return _due(order, since, allows) if since else None

    return due


def _due(order: Order, since: datetime, allows: Allows, party: Id | None = None) -> Due:
    """Where what has not left is in one place, it is that place's work."""
    places = {box.place: None for box in wishes.unshipped(order) or parcels.living(order)}
    place = next(iter(places)) if len(places) == 1 else None
    return Due(since, since + allows(order.policy), party, place)


def _unpaid(order: Order) -> Due | None:
    """Nobody paid anything, and nobody looks into the end of patience yet."""
    is_over = any(isinstance(entry.wish, Expire) for entry in order.wishes)
    since = None if is_over or order.payments else stages.waiting_since(order, Stage.PAID)
    return _due(order, since, lambda p: p.pay_within) if since and payments.is_prepaid(order) else None


def _wrong_amount(order: Order) -> Due | None:
    since = None if wishes.is_stopped(order) else payments.wrong_since(order)  # stopped, all of it goes back
    return _due(order, since, lambda _: AT_ONCE) if since else None


def _to_review(order: Order) -> Due | None:
    since = stages.waiting_since(order, Stage.REVIEWED)
    return _due(order, since, lambda p: p.review_within) if since and not approved_at(order) else None


def _by_hand(order: Order) -> Due | None:
    """No courier's system gives a label: somebody writes one."""
    box = parcels.to_write(order) if stages.reached(order, Stage.ALLOCATED) else None
    if box is None:
        return None
    tried = [errand for errand in order.errands if errand.what is What.LABEL and errand.about == box.id]
    since = max((errand.ended_at or errand.began_at for errand in tried), default=order.received_at)
    return Due(since, since, tried[-1].party if tried else None, box.place)


def _unshipped(order: Order) -> Due | None:
    """From the moment it is ours to ship, through every stage in the house."""
    behind = stages.walked(order)
    if Stage.ALLOCATED not in behind or Stage.SHIPPED in behind or wishes.is_stopped(order):
        return None
    return _due(order, dict(stages.passed(order))[Stage.ALLOCATED], lambda p: p.ship_within)


def _uncollected(order: Order) -> Due | None:
    due = _next_is(Stage.IN_TRANSIT, lambda p: p.collect_within)(order)
    return due._replace(party=_carrier(order)) if due else None


def _undelivered(order: Order) -> Due | None:
    due = _next_is(Stage.DELIVERED, lambda p: p.deliver_within)(order)
    return due._replace(party=_carrier(order)) if due else None


def _unsettled(order: Order) -> Due | None:
    is_late = not payments.is_prepaid(order)
    since = stages.waiting_since(order, Stage.PAID) if is_late and not order.payments else None
    return _due(order, since, lambda p: p.settle_within, _carrier(order)) if since else None


def _astray(order: Order) -> Due | None:
    """The courier says that it brings a parcel back that nobody stopped."""
    stopped = [box.id for box in boxes.dropped(order)]
    out = [p for p in order.parcels if parcels.is_out(p) and boxes.box_of(order, p) not in stopped]
    undelivered = [parcel for parcel in out if not parcels.delivered_at(order, parcel)]
    tracks = [(fact, parcel) for parcel in undelivered for fact in parcel.all(ParcelTracked)]
    back = [(fact, parcel) for fact, parcel in tracks if fact.milestone in (Milestone.RETURNING, Milestone.RETURNED)]
    if not back:
        return None
    fact, parcel = min(back, key=lambda found: found[0].happened_at)
    return Due(fact.happened_at, fact.happened_at, parcel.courier)


def _not_back(order: Order) -> Due | None:
    """Until it is back, or the courier was faster than we and the customer has it."""
    sent = [e for e in order.errands if e.what is What.INTERCEPT and _is_on_the_road(order, e.about)]
    refused = [errand for errand in sent if errand.state is State.REFUSED]
    if refused:  # nobody turns it round: somebody must look now
        at = refused[0].ended_at or refused[0].began_at
        return Due(at, at, refused[0].party)
    first = min(sent, key=lambda errand: errand.began_at, default=None)
    return _due(order, first.began_at, lambda p: p.return_within, first.party) if first else None


def _unanswered(order: Order) -> Due | None:
    """What was asked of anybody and has no end: a void that hangs holds the refund behind it."""
    sent = [errand for errand in errands.under_way(order) if errand.what not in (What.REFUND, What.INTERCEPT)]
    first = min(sent, key=lambda errand: errand.began_at, default=None)
    return _due(order, first.began_at, lambda p: p.done_within, first.party) if first else None


def _paid_and_silent(order: Order) -> Due | None:
    """A provider that would not close a bill because it is paid, and does not say what was paid."""
    closes = [] if order.payments else errands.of(order, What.CLOSE, State.REFUSED)
    refused = [errand for errand in closes if not errands.passes(errand)]  # which says nothing of the bill
    since = min((errand.ended_at or errand.began_at for errand in refused), default=None)
    return _due(order, since, lambda p: p.done_within, refused[0].party) if since else None


def _held_long(order: Order) -> Due | None:
    """A hold that its person forgot; what the house holds ends by itself, and has a case of its own."""
    is_wanted = order.hold and order.hold.by and not holds.is_by_house(order)
    return _due(order, order.hold.since, lambda p: p.hold_within) if order.hold and is_wanted else None


def _gave_too_much(order: Order) -> Due | None:
    """The money went back, and then the goods reached the customer all the same."""
    if undoing.given(order) <= undoing.refund_due(order) or not parcels.is_any_delivered(order):
        return None
    back = [errand.ended_at or errand.began_at for errand in order.errands if errand.what is What.REFUND]
    return _due(order, max(back), lambda _: AT_ONCE)


def _returned(order: Order) -> Due | None:
    """It was delivered, said the courier, and it is back in our house."""
    back = [p for p in order.parcels if parcels.delivered_at(order, p) and p.first(ParcelReceivedBack)]
    since = min((fact.happened_at for p in back for fact in p.all(ParcelReceivedBack)), default=None)
    return _due(order, since, lambda _: AT_ONCE) if since else None


def _not_put_back(order: Order) -> Due | None:
    here, stops = undoing.to_put_back(order), (Cancel, CancelRest)
    since = min((entry.at for entry in order.wishes if isinstance(entry.wish, stops)), default=order.received_at)
    return Due(since, since + order.policy.put_back_within, None, here[0].place) if here else None


def _not_refunded(order: Order) -> Due | None:
    sent = [errand for errand in errands.under_way(order) if errand.what is What.REFUND]
    first = min(sent, key=lambda errand: errand.began_at, default=None)
    return _due(order, first.began_at, lambda p: p.refund_within, first.party) if first else None


def _stuck(order: Order) -> Due | None:
    return standstill.stuck(order, refusals.standing(order))


def _untold(order: Order) -> Due | None:
    refused = [] if wishes.is_stopped(order) else errands.of(order, What.REPORT, State.REFUSED)
    since = min((report.ended_at or report.began_at for report in refused), default=None)
    return _due(order, since, lambda _: AT_ONCE, order.channel) if since else None


def _lost_label(order: Order) -> Due | None:
    lost = errands.of(order, What.LABEL, State.LOST)
    since = min((label.ended_at or label.began_at for label in lost), default=None)
    return _due(order, since, lambda _: AT_ONCE, lost[0].party) if since else None


def _contradicted(order: Order) -> Due | None:
    """Open until the parcel is back or with the customer."""
    left = [fact for fact in scans.contradictions(order) if _is_on_the_road(order, fact.parcel)]
    since = min((fact.happened_at for fact in left), default=None)
    return Due(since, since) if since else None


def _lessened(order: Order) -> Due | None:
    """Units are refunded that somebody has already taken off the shelf for a box that goes out without them."""
    here = parcels.lessened(order)
    since = boxes.spared_at(order, here[0].id) if here else None
    return Due(since, since, place=here[0].place) if since else None


def _urged(order: Order) -> Due | None:
    """Until the order moves on from where it stood when the customer asked."""
    urges = [entry.at for entry in order.wishes if isinstance(entry.wish, Urge) and entry.at >= stages.since(order)]
    is_waited_for = urges and stages.stage_of(order) not in ENDED
    return Due(min(urges), min(urges)) if is_waited_for else None


def _incomplete(order: Order) -> Due | None:
    since = stages.waiting_since(order, Stage.COMPLETED)
    is_asked_back = aftersales.is_any_open(order)
    start = dict(stages.passed(order)).get(Stage.DELIVERED) if since and not is_asked_back else None
    return Due(start, start + order.policy.complete_after) if start else None


def _unproven(order: Order) -> Due | None:
    """Asked three times, and still only a code in the courier's system; until the return window has passed."""
    red = None if stages.reached(order, Stage.COMPLETED) else inquiries.given_up(order)
    return Due(red.since, red.ended_at or red.at, _carrier(order)) if red else None


def _is_on_the_road(order: Order, parcel: Id) -> bool:
    known = [p for p in order.parcels if p.id == parcel]
    return any(parcels.is_out(p) and not parcels.delivered_at(order, p) for p in known)


def _carrier(order: Order) -> Id | None:
    """The courier of the first parcel that is not with the customer."""
    out = [parcel for parcel in order.parcels if parcel.courier and not parcels.delivered_at(order, parcel)]
    return out[0].courier if out else next((parcel.courier for parcel in order.parcels), None)


def _question(name: Id, words: str, what: Inquiry) -> Deadline[Order]:
    """What the clock asks, also while a person holds the order: the world goes on, and they decide by what it did."""

    def due(order: Order) -> Due | None:
        question = inquiries.next_of(order, what)
        return Due(question.since, question.at) if question else None

    return Deadline(name, words, due, is_for_people=False, outlasts_holds=True, asks=what)


ROWS: tuple[Deadline[Order], ...] = (
    _question("silent_provider", "asking the provider", Inquiry.PAYMENT),
    _question("silent_courier", "asking the courier", Inquiry.TRACK),
    _question("electronic_only", "asking for better proof", Inquiry.PROOF),
    Deadline("unanswered", "a party to say what became of what we asked", _unanswered, is_shown=False),
    Deadline("paid_and_silent", "the provider to say what was paid", _paid_and_silent, Role.FINANCE),
    Deadline("held", "somebody to release what a person held", _held_long, outlasts_holds=True),
    Deadline("gave_too_much", "somebody to see to goods and money that are both gone", _gave_too_much, Role.FINANCE),
    Deadline("returned", "somebody to see why a delivered parcel is back", _returned, Role.SERVICE),
    Deadline("unpaid", "paid, or the bill is closed", _unpaid, is_for_people=False),
    Deadline(
        holds.WRONG_AMOUNT,
        "somebody to look at money that is not the price",
        _wrong_amount,
        Role.FINANCE,
        outlasts_holds=True,
    ),
    Deadline("unreviewed", "approved", _to_review),
    Deadline("unlabelled", "a label", _next_is(Stage.LABELLED, lambda p: p.label_within)),
    Deadline("by_hand", "a label written by hand", _by_hand, Role.WAREHOUSE),
    Deadline("lost_label", "whether a label exists that nobody can tell of", _lost_label),
    Deadline("unpicked", "picked", _next_is(Stage.PICKED, lambda p: p.pick_within), Role.WAREHOUSE),
    Deadline("unpacked", "packed", _next_is(Stage.PACKED, lambda p: p.pack_within), Role.WAREHOUSE),
    Deadline("unshipped", "scanned out of the house", _unshipped, Role.WAREHOUSE, outlasts_holds=True),
    Deadline("untold", "the channel to accept that it shipped", _untold),
    Deadline("uncollected", "the courier to say that it has the parcel", _uncollected),
    Deadline("undelivered", "delivered", _undelivered, Role.SERVICE),
    Deadline("unproven", "somebody to ask the customer", _unproven, Role.SERVICE),
    Deadline("unsettled", "money from the courier", _unsettled, Role.FINANCE),
    Deadline("astray", "somebody to see why it comes back", _astray, Role.SERVICE),
    Deadline("not_back", "intercepted parcel back in the house", _not_back),
    Deadline("not_put_back", "units back on their shelf", _not_put_back, Role.WAREHOUSE),
    Deadline(parcels.LESSENED, "refunded units taken out of a box that was begun", _lessened, Role.WAREHOUSE),
    Deadline(errands.NOT_REFUNDED, "the provider to give the money back", _not_refunded, Role.FINANCE, comes_back=True),
    Deadline("contradicted", "somebody to look at a parcel that left on a void label", _contradicted),
    Deadline("urged", "somebody to hurry: the customer asks", _urged, Role.SERVICE, outlasts_holds=True),
    Deadline("stuck", "a word from the desk", _stuck),
    Deadline(
        "refused", "the provider to do it after all", standstill.refused_again, is_for_people=False, is_shown=False
    ),
    Deadline("unread", "somebody to read what we cannot", standstill.unread),
    Deadline("incomplete", "the return window to pass", _incomplete, is_for_people=False),
)
BY_NAME = {row.name: row for row in ROWS}

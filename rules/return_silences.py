"""What a return may be waiting for: since when, until when, and whose work it is."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from models.approval import Agreement
from models.case import Case, Role
from models.errand import Errand, State, What
from models.fact import GoodsInspected, GoodsSentBack, GoodsShown
from models.inquiry import Inquiry
from models.return_policy import Patience
from models.rma import Return, ReturnStage, ReturnStanding
from models.stage import Source
from models.wish import Decide, HoldBack, Lapse, TellProgress, Trigger
from rules import (
    errands,
    homeward,
    inquiries,
    leftovers,
    parcels,
    progress,
    refund_grounds,
    refusals,
    return_labels,
    standstill,
)
from rules import return_stages as stages
from rules.faults import fault_of
from rules.ladder import Alarm, Deadline, Due, Ladder
from rules.return_permissions import CLOCK, granted

Allows = Callable[[Patience], timedelta]


def _next_is(stage: ReturnStage, allows: Allows) -> Callable[[Return], Due | None]:
    def due(matter: Return) -> Due | None:
        since = stages.waiting_since(matter, stage)
        return Due(since, since + allows(matter.patience), place=leftovers.place(matter)) if since else None

    return due


def _undecided(matter: Return) -> Due | None:
    """The first answer, and then each further level."""
    if stages.is_stopped(matter) or stages.agreement(matter) is not Agreement.OPEN:
        return None
    made = stages.decisions(matter)
    since, patience = made[-1].at if made else matter.received_at, matter.patience
    within = patience.hurry_within if matter.urgent and not made else patience.decide_within
    return Due(since, since + min(within, patience.decide_within))


def _untaken(matter: Return) -> Due | None:
    """Until then its customer is told again and again, in the hours of service, and not for ever."""
    since = progress.last_told_at(matter)
    return Due(since, progress.next_at(matter, since)) if since else None


def _denied(matter: Return) -> Due | None:
    """At once, for somebody of ours, until it is decided."""
    known = matter.denied if _undecided(matter) else None
    return Due(matter.received_at, matter.received_at, party=known.courier) if known else None


def _station(matter: Return) -> Due | None:
    """The same for the courier's own people: whoever is on duty for the place that is named like the courier."""
    due = _denied(matter)
    return due._replace(place=due.party) if due and due.party else None


def _not_arrived(matter: Return) -> Due | None:
    due = _next_is(ReturnStage.ARRIVED, lambda p: p.arrive_within)(matter)
    sent = stages.told(matter, GoodsSentBack)
    return due._replace(party=sent.courier if sent else None) if due else None


def _no_label(matter: Return) -> Due | None:
    """No courier gives one: somebody tells the customer how to send it."""
    since = return_labels.unlabelled_since(matter)
    return Due(since, since) if since else None


def _unscanned(matter: Return) -> Due | None:
    parcel = return_labels.unscanned(matter)
    at = parcels.delivered_at(matter, parcel) if parcel else None
    place = matter.back.box.place if matter.back else None
    return Due(at, at + matter.patience.scan_within, parcel.courier, place) if parcel and at else None


def _to_ask(matter: Return) -> Due | None:
    question = return_labels.question(matter)
    return Due(question.since, question.at) if question else None


def _uninspected(matter: Return) -> Due | None:
    if stages.is_unjudged(matter):
        return None
    after = ReturnStage.DUE if ReturnStage.DUE in stages.SPINES[matter.kind] else ReturnStage.PASSED
    return _next_is(after, lambda p: p.inspect_within)(matter)


def _unjudged(matter: Return) -> Due | None:
    """Goods that are not as they should be: a person says whether they are exchanged all the same."""
    seen = stages.told(matter, GoodsInspected) if stages.is_unjudged(matter) else None
    return Due(seen.happened_at, seen.happened_at + matter.patience.decide_within, place=seen.place) if seen else None


def _shown(matter: Return) -> Due | None:
    """A picture was all that was missing, and here it is: nobody has to look at it."""
    seen, since = stages.told(matter, GoodsShown), stages.waiting_since(matter, ReturnStage.APPROVED)
    is_open = matter.if_shown and not stages.decisions(matter)
    return Due(seen.heard_at, seen.heard_at) if seen and since and is_open else None


def _to_trigger(matter: Return) -> Due | None:
    """What is little goes by itself, where nobody has to look at it."""
    since = stages.waiting_since(matter, ReturnStage.TRIGGERED)
    is_little = 0 < matter.amount.minor <= matter.freely.minor
    return Due(since, since) if since and is_little and not _wants_eyes(matter) else None


def _wants_eyes(matter: Return) -> bool:
    """Somebody held it once, or what came back is not just what was to: it is finance's, whoever released it."""
    was_held = any(isinstance(entry.wish, HoldBack) for entry in matter.wishes)
    seen = refund_grounds.inspected(matter)
    return was_held or (seen is not None and _is_odd(matter, seen))


def _is_odd(matter: Return, seen: GoodsInspected) -> bool:
    """Not all there as it went, by another's doing than was said, told at a desk, or sent home again."""
    is_found = seen.fault not in (None, fault_of(matter.why)) or seen.source is Source.DESK
    return is_found or refund_grounds.is_otherwise(matter) or homeward.sent(matter) is not None


def _held(matter: Return) -> Due | None:
    return None if stages.is_kept_back(matter) else standstill.held_long(matter)


def _kept_back(matter: Return) -> Due | None:
    return standstill.held_long(matter) if stages.is_kept_back(matter) else None


def _unassessed(matter: Return) -> Due | None:
    """Finance let it go, and nobody has said yet how much that is."""
    is_open = matter.assessed is None and not stages.is_more(matter)
    since = stages.waiting_since(matter, ReturnStage.REFUNDED) if is_open else None
    return Due(since, since + matter.policy.done_within) if since else None


def _by_hand(matter: Return) -> Due | None:
    """A refund that a person took over, until somebody says that it was seen to."""
    return _given_up(matter, What.REFUND)


def _sent_by_hand(matter: Return) -> Due | None:
    return _given_up(matter, What.REPLACE)


def _given_up(matter: Return, what: What) -> Due | None:
    ends = [errand.ended_at for errand in stages.given_up(matter) if errand.ended_at and errand.what is what]
    return Due(min(ends), min(ends)) if ends else None


def _twice(matter: Return) -> Due | None:
    """Somebody gave it back by hand, and after that its provider did."""
    seen = [case for case in matter.cases if case.deadline == stages.BY_HAND_REFUND and case.closed_by]
    ends = [at for case in seen for errand in matter.errands if (at := _again_at(errand, case))]
    return Due(min(ends), min(ends)) if ends else None


def _again_at(errand: Errand, case: Case) -> datetime | None:
    """Where the case was about this refund."""
    is_its = errand.what is What.REFUND and errand.state is State.DONE and errand.began_at < case.since
    is_late = case.closed_at is not None and errand.ended_at is not None and case.closed_at < errand.ended_at
    return errand.ended_at if is_its and is_late else None


def _stuck(matter: Return) -> Due | None:
    return standstill.stuck(matter, () if not stages.owed(matter) else refusals.refunds(matter))


ROWS: tuple[Deadline[Return], ...] = (
    Deadline("undecided", "somebody to decide", _undecided, Role.SERVICE),
    Deadline("shown", "the house to agree to what a picture shows", _shown, is_for_people=False, is_shown=False),
    Deadline("progress", "somebody to take an urgent return", _untaken, is_for_people=False, is_shown=False),
    Deadline("denied", "somebody to find a parcel that is signed for and was not received", _denied, Role.SERVICE),
    Deadline("station", "the courier's station to say who has the parcel", _station, Role.SERVICE, is_shown=False),
    Deadline(
        "not_sent_back",
        "the goods to be sent back, or the return lapses",
        _next_is(ReturnStage.SENT_BACK, lambda p: p.send_back_within),
        is_for_people=False,
    ),
    Deadline("no_label", "somebody to tell the customer how to send it back", _no_label, Role.SERVICE, is_shown=False),
    Deadline(
        "silent_courier", "asking the courier", _to_ask, is_for_people=False, outlasts_holds=True, asks=Inquiry.TRACK
    ),
    Deadline("unscanned", "the warehouse to scan what a courier handed in", _unscanned, Role.WAREHOUSE),
    Deadline("not_arrived", "the goods to arrive", _not_arrived, Role.SERVICE, comes_back=True),
    Deadline("uninspected", "inspection", _uninspected, Role.WAREHOUSE),
    Deadline("unjudged", "somebody to say whether these goods may be exchanged", _unjudged, Role.SERVICE),
    Deadline("swapped", "the warehouse to look which units it took for others", leftovers.swapped, Role.WAREHOUSE),
    Deadline(
        "unreplaced",
        "the new order",
        _next_is(ReturnStage.REPLACED, lambda p: p.decide_within),
        Role.SERVICE,
        comes_back=True,
    ),
    Deadline("little", "a small refund to go by itself", _to_trigger, is_for_people=False, is_shown=False),
    Deadline(
        "untriggered",
        "finance to let the money go",
        _next_is(ReturnStage.TRIGGERED, lambda p: p.trigger_within),
        Role.FINANCE,
    ),
    Deadline("unassessed", "how much goes back", _unassessed, Role.FINANCE, comes_back=True, is_shown=False),
    Deadline(stages.BY_HAND_REFUND, "somebody to give the money back by hand", _by_hand, Role.FINANCE),
    Deadline(stages.TWICE, "somebody to fetch back money that went twice", _twice, Role.FINANCE),
    Deadline(stages.BY_HAND_ORDER, "somebody to send the goods by hand", _sent_by_hand, Role.SERVICE),
    Deadline(
        "goods_without_return",
        "somebody to see to goods that came all the same",
        leftovers.goods_without_return,
        Role.SERVICE,
    ),
    Deadline(stages.NOT_SENT_HOME, "the warehouse to send the goods home", leftovers.not_sent_home, Role.WAREHOUSE),
    Deadline(
        "graded_otherwise",
        "somebody to see to goods that nobody asked back",
        leftovers.graded_otherwise,
        Role.SERVICE,
    ),
    Deadline(
        errands.NOT_REFUNDED,
        "the provider to give the money back",
        standstill.not_refunded,
        Role.FINANCE,
        comes_back=True,
    ),
    Deadline("held", "somebody to release what a person held", _held, outlasts_holds=True),
    Deadline("kept_back", "finance to release what it keeps back", _kept_back, Role.FINANCE, outlasts_holds=True),
    Deadline("stuck", "a word from the desk", _stuck, Role.FINANCE),
    Deadline(
        "refused", "the provider to do it after all", standstill.refused_again, is_for_people=False, is_shown=False
    ),
    Deadline("unread", "somebody to read what we cannot", standstill.unread),
)


def _by_the_clock(matter: Return, row: Deadline[Return], now: datetime) -> Return:
    if row.asks:
        question = return_labels.question(matter)
        return inquiries.asked(matter, question, now) if question else matter
    wish = WISHES.get(row.name)
    return granted(matter, wish(matter) if wish else refusals.again(matter), now)


def _agrees(matter: Return) -> Decide:
    """As service would, in the words for that kind."""
    word = f"approve_{matter.kind.partition('_')[0]}"
    return Decide(by=CLOCK, role=Role.SERVICE, is_agreed=True, word=word)


WISHES: Mapping[str, Callable[[Return], Any]] = {
    "shown": _agrees,
    "not_sent_back": lambda _: Lapse(by=CLOCK),
    "little": lambda _: Trigger(by=CLOCK),
    "progress": lambda _: TellProgress(by=CLOCK),
}


LADDER = Ladder(ROWS, _by_the_clock)


def judged(matter: Return) -> tuple[Alarm | None, ReturnStanding]:
    """What becomes overdue next, and where the return stands."""
    alarm, waiting = LADDER.judged(matter)
    return alarm, ReturnStanding(**dict(waiting), stage=stages.stage_of(matter), since=stages.since(matter))

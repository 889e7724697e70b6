"""What finance should look at before money goes back: marks with their reason, and never a refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from models.noun import Id
from models.refund_risk import RefundSeen
from models.return_policy import PROVEN, RiskTerms
from models.returns import Kind, Why


@dataclass(frozen=True)
class Risk:
    """One row: its name, its words for finance, and when it is so."""

    name: Id
    words: str
    is_so: Callable[[RefundSeen, RiskTerms], bool]


def risks(seen: RefundSeen, terms: RiskTerms) -> tuple[Id, ...]:
    """The names of all that is so, in the order of the table."""
    return tuple(row.name for row in ROWS if row.is_so(seen, terms))


def _new_account(seen: RefundSeen, terms: RiskTerms) -> bool:
    """Where it was only seen by us: whoever came in the first days of watching may be an old customer."""
    since, young = seen.account_since, timedelta(days=terms.account_days)
    is_known = seen.watched_since is None or (since is not None and since - seen.watched_since >= young)
    return since is not None and is_known and seen.asked_at - since < young


def _returns_often(seen: RefundSeen, terms: RiskTerms) -> bool:
    return seen.returns_lately + 1 >= terms.returns


def _signed(seen: RefundSeen, _: RiskTerms) -> bool:
    return seen.why is Why.NOT_RECEIVED and any(proof in PROVEN for proof in seen.proofs)


def _unusual(seen: RefundSeen, terms: RiskTerms) -> bool:
    return seen.usual is not None and seen.amount.minor > terms.times_usual * seen.usual.minor


def _another_way(seen: RefundSeen, _: RiskTerms) -> bool:
    """Also where nobody knows how it was paid: a way that is not among none is another."""
    return any(way not in seen.paid_by for way in seen.goes_to)


def _moved(seen: RefundSeen, _: RiskTerms) -> bool:
    paid, moved = seen.paid_at, seen.address_changed_at
    return paid is not None and moved is not None and moved > paid


def _keeps_goods(seen: RefundSeen, terms: RiskTerms) -> bool:
    """A compensation keeps them too, and is small; where it is not, it is the same."""
    is_kept = seen.kind in (Kind.REFUND_ONLY, Kind.COMPENSATION)
    return is_kept and seen.amount.minor >= terms.expensive.minor


def _came_otherwise(seen: RefundSeen, _: RiskTerms) -> bool:
    return seen.came_otherwise


def _more_than_asked(seen: RefundSeen, _: RiskTerms) -> bool:
    return seen.is_more


ROWS = (
    Risk("new_account", "a new customer of the shop", _new_account),
    Risk("returns_often", "not the first return of this customer lately", _returns_often),
    Risk("signed_not_received", "signed with proof, and said not to be received", _signed),
    Risk("unusual_amount", "far more than the shop usually gives back", _unusual),
    Risk("another_way", "goes another way than it was paid", _another_way),
    Risk("moved_after_payment", "the address was changed after the payment", _moved),
    Risk("came_otherwise", "not all of it came back as it went", _came_otherwise),
    Risk("more_than_asked", "more than was asked for and agreed to", _more_than_asked),
    Risk("expensive_kept", "much money, and the goods do not come back", _keeps_goods),
)

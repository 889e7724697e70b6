"""Whether a return was asked for in time."""

from datetime import timedelta

from models.return_policy import CategoryTerms
from rules import return_days
from rules.return_asking import Asking, Claimed, Says, claimed, is_freely

STRICTEST = ("window_over", "no_window", "zone_unknown", "long_unproven", "in_window", "window_not_begun")


def window(asking: Asking) -> Says:
    """The strictest of the claimed lines speaks for all."""
    lines = [_days_of(asking, part) for part in claimed(asking)]
    if not lines:
        return Says("no_window", is_for_person=True)
    return min(lines, key=lambda says: (STRICTEST.index(says.because), says.until or asking.wanted.asked_at))


def _days_of(asking: Asking, part: Claimed) -> Says:
    """An electronic signature alone begins no window: who has the goods nobody knows, by no fault of the customer's.

    So that no window stays open for ever, a person looks when long after it nothing better is known.
    """
    days, line = _days(asking, part.terms), part.claim.line
    if days is None:
        return Says("no_window", line=line, is_for_person=True)
    begins = return_days.handed_over_at(asking.order, part.line.sku, asking.policy.proofs)
    if begins is None:
        return _unproven(asking, part)
    until = return_days.end_of(begins, days, asking.policy.zone)
    if until is None:
        return Says("zone_unknown", line=line, is_for_person=True)
    is_open = asking.wanted.asked_at < until
    return Says("in_window" if is_open else "window_over", is_open, line, until)


def _unproven(asking: Asking, part: Claimed) -> Says:
    told_at = return_days.handed_over_at(asking.order, part.line.sku)
    is_long = told_at and asking.wanted.asked_at >= told_at + timedelta(days=asking.policy.unproven_days)
    if is_long:
        return Says("long_unproven", line=part.claim.line, is_for_person=True)
    return Says("window_not_begun", is_allowed=True, line=part.claim.line)


def _days(asking: Asking, terms: CategoryTerms) -> int | None:
    """The category's own number before that of the reason."""
    why = asking.wanted.why
    special = terms.free_days if is_freely(asking) else terms.fault_days
    usual = next((window.days for window in asking.policy.windows if window.why is why), None)
    return usual if special is None or usual is None else special

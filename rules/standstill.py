"""Silences of any story: what holds it, what nobody could read, and money that does not go back."""

from models.errand import Errand, What
from models.matter import Matter
from rules import errands, refusals
from rules.ladder import Due


def held_long(matter: Matter) -> Due | None:
    """A hold that its person forgot."""
    hold = matter.hold
    return Due(hold.since, hold.since + matter.policy.hold_within) if hold and hold.by else None


def not_refunded(matter: Matter) -> Due | None:
    """A provider has a refund of ours, and has not said what became of it."""
    sent = [errand for errand in errands.under_way(matter) if errand.what is What.REFUND]
    first = min(sent, key=lambda errand: errand.began_at, default=None)
    return Due(first.began_at, first.began_at + matter.policy.refund_within, first.party) if first else None


def stuck(matter: Matter, row: tuple[Errand, ...]) -> Due | None:
    """What a provider refuses again and again is one matter from its first no, also while it is tried once more."""
    if not matter.hold:
        return refused(row)
    if matter.hold.by:
        return None
    errand = errands.holding(matter)
    since = matter.hold.since
    return refused(refusals.row_of(matter, errand)) or Due(since, since, errand.party if errand else None)


def refused(row: tuple[Errand, ...]) -> Due | None:
    """From the first no on."""
    return Due(refusals.since(row), refusals.since(row), row[0].party) if row else None


def refused_again(matter: Matter) -> Due | None:
    """When it is tried once more."""
    when = refusals.again_at(matter)
    return Due(*when) if when else None


def unread(matter: Matter) -> Due | None:
    """Somebody told what we cannot read."""
    heard = [entry.heard_at for entry in matter.unread]
    return Due(min(heard), min(heard)) if heard else None

"""Goods of a return that are not accepted and go home again (原件寄还)."""

from datetime import datetime

from models.fact import GoodsArrived, GoodsInspected, GoodsSentHome
from models.returns import Grade
from models.rma import Return


def sent(matter: Return) -> GoodsSentHome | None:
    """The last word that they left for home; None where they came again after it."""
    last = _last(matter)
    return None if last and _arrivals(matter, last) else last


def here_since(matter: Return) -> datetime | None:
    """Since when they are in the house, if they are; of an empty box nothing is."""
    last = _last(matter)
    is_empty = last is None and not _came(matter)
    return None if is_empty else min(_arrivals(matter, last), default=None)


def _last(matter: Return) -> GoodsSentHome | None:
    known = [fact for fact in matter.facts if isinstance(fact, GoodsSentHome)]
    return max(known, key=lambda fact: (fact.happened_at, fact.id), default=None)


def _arrivals(matter: Return, last: GoodsSentHome | None) -> list[datetime]:
    """Only a scan at the door says that they came again; whoever looks at them late has looked at them before."""
    if last is None:
        return [fact.happened_at for fact in matter.facts if isinstance(fact, GoodsArrived | GoodsInspected)]
    ats = [fact.happened_at for fact in matter.facts if isinstance(fact, GoodsArrived)]
    return [at for at in ats if at > last.happened_at]


def _came(matter: Return) -> bool:
    """Something of it, by the last look; before it is opened a box is believed."""
    looks = [fact for fact in matter.facts if isinstance(fact, GoodsInspected)]
    seen = max(looks, key=lambda fact: (fact.happened_at, fact.id), default=None)
    return seen is None or any(units.grade is not Grade.MISSING for units in seen.graded)

"""Goods in the house that somebody must see to: sent wrong, not asked back, refused, or of a return that is no more."""

from models.fact import GoodsArrived, GoodsInspected
from models.returns import Grade, Kind, Why
from models.rma import Return, ReturnStage
from rules import gradings, homeward
from rules import return_stages as stages
from rules.ladder import Due


def place(matter: Return) -> str | None:
    """Where it came to."""
    arrived = stages.told(matter, GoodsArrived)
    return arrived.place if arrived else None


def swapped(matter: Return) -> Due | None:
    """The wrong thing was sent, as service agreed or inspection saw: where it was, another is missing or too many."""
    if matter.why is not Why.WRONG_ITEM or stages.is_stopped(matter):
        return None
    since, seen = stages.REACHED_AT[ReturnStage.APPROVED](matter), _another(matter)
    if matter.kind is Kind.RESHIP and since:
        return Due(since, since)
    return Due(seen.happened_at, seen.happened_at, place=seen.place) if seen else None


def _another(matter: Return) -> GoodsInspected | None:
    """What came is not what was sold."""
    seen = stages.told(matter, GoodsInspected)
    return seen if seen and any(units.grade is Grade.ANOTHER for units in seen.graded) else None


def graded_otherwise(matter: Return) -> Due | None:
    """More came back than was asked for, or something else: it is the customer's, and not paid for."""
    seen = stages.told(matter, GoodsInspected)
    is_odd = seen is not None and (gradings.is_more(matter.claims, seen.graded) or _is_theirs(matter))
    return Due(seen.happened_at, seen.happened_at, place=seen.place) if seen and is_odd else None


def _is_theirs(matter: Return) -> bool:
    """Another thing of their own, and here: of what is refused another row speaks."""
    is_own = matter.why is not Why.WRONG_ITEM and _another(matter) is not None
    return is_own and not stages.is_stopped(matter) and homeward.sent(matter) is None


def goods_without_return(matter: Return) -> Due | None:
    """It was withdrawn or lapsed, and the goods are here: somebody must say what becomes of them."""
    stop, since = stages.stop_of(matter), homeward.here_since(matter)
    is_refused = stop is not None and stop[0] is ReturnStage.REFUSED
    return Due(since, since, place=place(matter)) if stop and since and not is_refused else None


def not_sent_home(matter: Return) -> Due | None:
    """It was refused, and the goods are here: they are the customer's."""
    stop, here = stages.stop_of(matter), homeward.here_since(matter)
    if stop is None or here is None or stop[0] is not ReturnStage.REFUSED:
        return None
    since = max(stop[1], here)
    return Due(since, since + matter.patience.send_home_within, place=place(matter))

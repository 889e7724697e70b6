"""What the customer of an urgent return is told, through the shop: each change, and that nobody has it yet."""

from datetime import datetime, timedelta

from models.errand import Errand, Owed, What
from models.noun import Id
from models.rma import Return
from models.wish import TellProgress
from rules import errands
from rules import return_stages as stages

MOST = 8  # times, all together; one of them is kept for how it ends
NOBODY = ("clock", "house")


def owed(matter: Return) -> Owed | None:
    """The newest word that the shop has not been told; one that is under way first. None where nothing is urgent."""
    if not matter.urgent:
        return None
    if begun := _begun(matter):
        return Owed(**{name: getattr(begun[0], name) for name in Owed.model_fields})
    news = _news(matter) if len(_told(matter)) < _most(matter) else None
    here = stages.stage_of(matter).value
    return Owed(what=What.PROGRESS, about=news, party=matter.shop, under=here) if news else None


def last_told_at(matter: Return) -> datetime | None:
    """Since when its customer has heard nothing; None where nobody waits for it to be taken, or a word is under way."""
    told = _told(matter)
    is_open = bool(matter.urgent) and not _is_over(matter) and not _is_taken(matter)
    if not is_open or _begun(matter) or len(told) >= _most(matter):
        return None
    reminded = [at for at, _ in stages.wished(matter, TellProgress)]
    return max([stages.since(matter), *reminded, *(errand.ended_at for errand in told if errand.ended_at)])


def next_at(matter: Return, since: datetime) -> datetime:
    """The next time, in the hours of service: by the zone's clocks as they stood when it was asked for."""
    due, service = since + matter.patience.remind_every, matter.service
    here = due + matter.offset
    begins = datetime.combine(here.date(), service.begins, here.tzinfo)
    ends = datetime.combine(here.date(), service.ends, here.tzinfo)
    if service.ends <= service.begins:  # over midnight: closed between the two
        return due if here < ends or here >= begins else begins - matter.offset
    if begins <= here < ends:
        return due
    return (begins if here < begins else begins + timedelta(days=1)) - matter.offset


def _news(matter: Return) -> Id | None:
    """Where it is by now, or that it is still there; what was overtaken while nobody listened is no news."""
    here, told = stages.stage_of(matter).value, _told(matter)
    if here not in [errand.about for errand in told]:
        return here
    reminded, last = [at for at, _ in stages.wished(matter, TellProgress)], max(errand.began_at for errand in told)
    return f"still.{len(reminded)}" if reminded and max(reminded) > last else None


def _most(matter: Return) -> int:
    return MOST if _is_over(matter) else MOST - 1


def _is_over(matter: Return) -> bool:
    return stages.is_stopped(matter) or stages.next_of(matter) is None


def _begun(matter: Return) -> list[Errand]:
    return [errand for errand in errands.under_way(matter) if errand.what is What.PROGRESS]


def _told(matter: Return) -> list[Errand]:
    return [errand for errand in matter.errands if errand.what is What.PROGRESS]


def _is_taken(matter: Return) -> bool:
    """A person decided, or held it, or wanted anything else of it."""
    return any(entry.wish.by not in NOBODY for entry in matter.wishes)

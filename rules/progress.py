"""What the customer of an urgent return is told, through the shop: each change, and that nobody has it yet."""

from datetime import datetime, timedelta

from models.errand import Errand, Owed, What
from models.noun import Id
from models.rma import Return
from models.wish import TellProgress
from rules import errands
from rules import return_stages as stages

MOST = 8  # times, all together
NOBODY = ("clock", "house")


def owed(matter: Return) -> Owed | None:
    """The next word that the shop has not been told; one that is under way first. None where nothing is urgent."""
    if not matter.urgent:
        return None
    told = _told(matter)
    if begun := [errand for errand in told if errand in errands.under_way(matter)]:
        return Owed(**{name: getattr(begun[0], name) for name in Owed.model_fields})
    known = [errand.about for errand in told]
    news = [word for word in _words(matter) if word not in known]
    if not news or len(told) >= MOST:
        return None
    return Owed(what=What.PROGRESS, about=news[0], party=matter.shop, under=stages.stage_of(matter).value)


def last_told_at(matter: Return) -> datetime | None:
    """Since when its customer has heard nothing; None where nobody waits for it to be taken."""
    is_open = bool(matter.urgent) and not stages.is_stopped(matter) and stages.next_of(matter) is not None
    if not is_open or _is_taken(matter) or len(_told(matter)) >= MOST:
        return None
    reminded = [at for at, _ in stages.wished(matter, TellProgress)]
    return max([stages.since(matter), *reminded])


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


def _words(matter: Return) -> list[Id]:
    """Each stage that it came to, and each time that it was still there."""
    times = range(1, len(stages.wished(matter, TellProgress)) + 1)
    came = dict.fromkeys((*(stage.value for stage in stages.walked(matter)), stages.stage_of(matter).value))
    return [*came, *(f"still.{nth}" for nth in times)]


def _told(matter: Return) -> list[Errand]:
    return [errand for errand in matter.errands if errand.what is What.PROGRESS]


def _is_taken(matter: Return) -> bool:
    """A person decided, or held it, or wanted anything else of it."""
    return any(entry.wish.by not in NOBODY for entry in matter.wishes)

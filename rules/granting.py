"""What every story does with a wish, whatever it is about."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from models.case import Case, Hold, Pause
from models.errand import What
from models.matter import M, Matter
from models.noun import Id
from models.policy import Policy
from models.wish import AmendPolicy, AnyWish, CloseCase, Dismiss, Granted, HoldBack, Release, Retry
from rules import errands

Change = Callable[[Any, Any, datetime], Any]
UNREAD = "unread"
ABNORMAL = f"{What.REFUND}_{errands.KEPT}"


def granted(
    matter: M, wish: AnyWish, at: datetime, changes: Mapping[type[Any], Change], boxes: tuple[Id, ...] = ()
) -> M:
    """The matter with the wish in it. Most wishes are only remembered: rules read them where they matter."""
    if is_granted(matter, wish):
        return matter
    kept: M = matter.model_copy(update={"wishes": (*matter.wishes, Granted(wish=wish, at=at, boxes=boxes))})
    change: Callable[[M, AnyWish, datetime], M] | None = changes.get(type(wish))
    return change(kept, wish, at) if change else kept


def is_granted(matter: Matter, wish: AnyWish) -> bool:
    """Whether just this was granted before, and is asked again by somebody who did not hear the answer."""
    return wish.key is not None and any(entry.wish.key == wish.key for entry in matter.wishes)


def refusal_to_retry(matter: Matter) -> Id | None:
    """Of a matter that is stuck: what cannot be tried again, only seen to."""
    return "settle_with_provider" if matter.hold and matter.hold.code == ABNORMAL else None


def held(matter: M, hold: Hold) -> M:
    """It stands still; a second failure does not hide the first."""
    return matter if matter.hold else matter.model_copy(update={"hold": hold})


def let_go(matter: M, at: datetime) -> M:
    """Whatever held it. The time a person held it is remembered: our rungs do not count it."""
    pauses = matter.pauses
    if matter.hold and matter.hold.by:
        pauses = (*pauses, Pause(since=matter.hold.since, until=at))
    return matter.model_copy(update={"hold": None, "pauses": pauses})


def is_about(case: Case, wish: CloseCase) -> bool:
    """The case that somebody wants closed."""
    return (case.deadline, case.since) == (wish.deadline, wish.since)


def released(matter: M, _: AnyWish, at: datetime) -> M:
    """Go on."""
    return let_go(matter, at)


def tried_again(matter: M, _: AnyWish, __: datetime) -> M:
    """What the story is stuck at; a person's hold stays."""
    return matter if matter.hold and matter.hold.by else matter.model_copy(update={"hold": None})


def _close(matter: M, wish: CloseCase, at: datetime) -> M:
    """Whoever closes the case of what nobody could read has looked at all of it: else the story would never end."""
    closed = {"closed_at": at, "closed_by": wish.by}
    cases = tuple(
        case.model_copy(update=closed) if is_about(case, wish) and not case.closed_at else case for case in matter.cases
    )
    return matter.model_copy(update={"cases": cases, "unread": () if wish.deadline == UNREAD else matter.unread})


def _hold_back(matter: M, wish: HoldBack, at: datetime) -> M:
    return held(matter, Hold(code=wish.reason, since=at, by=wish.by))


def _amend(matter: M, wish: AmendPolicy, _: datetime) -> M:
    span = wish.change.span.value
    longer = getattr(matter.policy, span) + wish.change.plus
    return matter.model_copy(update={"policy": Policy(**{**dict(matter.policy), span: longer})})


def _dismiss(matter: M, wish: Dismiss, _: datetime) -> M:
    left = tuple(entry for entry in matter.unread if entry.telling.id != wish.telling)
    return matter.model_copy(update={"unread": left})


EVERYWHERE: Mapping[type[Any], Change] = {
    Release: released,
    Retry: tried_again,
    CloseCase: _close,
    HoldBack: _hold_back,
    AmendPolicy: _amend,
    Dismiss: _dismiss,
}

"""The form of one wish for many orders: what its fields mean, and which of them are wrong."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue, ValidationError

from api.bulk_words import Wanted
from api.errors import Problem, of_validation
from models.policy import Span
from models.wish import Reason

Fields = Mapping[str, str]
Words = dict[str, JsonValue]
KINDS: Final = ("hold", "release", "amend_policy", "retry", "cancel")
WHY_CANCELLED: Final = (Reason.UNWORKABLE, Reason.CHANGED_MIND, Reason.SUSPICIOUS)
LONGEST: Final = timedelta(days=3650)
FRESH: Final[Fields] = {"kind": "hold", "span": Span.DELIVER_WITHIN.value, "hours": "96"}
WHERE_SHOWN: Final = {  # a field of the filter, by the one of the form that shows it
    "district": "code",
    "channel": "where",
    "shop": "where",
    "received_from": "younger",
    "received_before": "older",
    "plus": "hours",
}


def wanted_of(form: Fields, at: datetime) -> Wanted:
    """What somebody wants of which orders. Raises: Problem 422, field by field."""
    words = {"filter": _scope(form, at), "wish": _wish(form), "reason": _reason(form)}
    try:
        return Wanted.model_validate(words)
    except ValidationError as error:
        raise of_validation(error) from None


def wrong_fields(problem: Problem) -> tuple[str, ...]:
    """The form's own names for what is wrong."""
    names = [fault.pointer.rpartition("/")[2] for fault in problem.errors]
    return tuple(WHERE_SHOWN.get(name, name) for name in names)


def _scope(form: Fields, at: datetime) -> Words:
    where, older, younger = form.get("where", ""), _ago(form, "older", at), _ago(form, "younger", at)
    words: dict[str, str | None] = {
        "stage": form.get("stage"),
        "shop" if "/" in where else "channel": where,
        "district": form.get("code", "").strip() or form.get("province"),
        "received_before": older,
        "received_from": younger,
    }
    return {name: word for name, word in words.items() if word} | {"overdue": "overdue" in form}


def _ago(form: Fields, name: str, at: datetime) -> str | None:
    """So many hours before now; what is no number is left for the rules of the filter to refuse."""
    hours = form.get(name, "").strip()
    if not hours:
        return None
    try:
        return (at - min(timedelta(hours=float(hours)), LONGEST)).isoformat()
    except (ValueError, OverflowError):
        return hours


def _wish(form: Fields) -> Words:
    kind = form.get("kind", "")
    words: Words = {"kind": kind}
    if kind == "hold":
        words["reason"] = _reason(form)
    if kind == "cancel":
        words["reason"] = form.get("cancel_why", "")
    if kind == "retry" and form.get("again"):
        words["what"] = form["again"]
    if kind == "amend_policy":
        words["change"] = {"span": form.get("span", ""), "plus": f"PT{form.get('hours', '').strip()}H"}
    return words


def _reason(form: Fields) -> str:
    return form.get("own_word", "").strip() or form.get("reason", "")

"""One order on one page: its way drawn, why it stands where it stands, and what may be done."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from api.dependencies import Given, OrderId, now, seen_by
from api.errors import Problem
from api.explaining import explained
from api.labels import WRITERS
from api.orders import seen
from api.pages import sessions
from api.pages.dictionary import WORDS
from api.pages.drawings import Way, way
from api.pages.forms import Form
from api.pages.lines import held, lines, to_review, verdict
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.records import Known, known_of, temporal_url
from api.visitors import EVERYBODY
from api.wishes import granted
from models.errand import State, What
from models.errors import Refused
from models.policy import Span
from models.stage import Stage
from models.story import Explanation
from rules import errands
from rules.labels import asked_for
from rules.spines import spine
from rules.timeline import timeline
from store.return_lists import ReturnFilter

router = APIRouter(prefix="/board/orders/{channel}/{shop}/{number}", tags=["pages"])
Somebody = Annotated[Session, Depends(Seated(*EVERYBODY))]
BUTTONS = (
    "approve",
    "release",
    "retry",
    "hold",
    "urge",
    "give_up",
    "cancel_rest",
    "cancel",
    "amend_policy",
    "change_address",
)
ANSWERS = {422: "invalid", 503: "unanswered"}
Shown = dict[str, object]  # what the template shows
TURNED = (Stage.STOPPING, Stage.CANCELLED, Stage.REFUNDED)


@router.get("")
async def sheet(request: Request, session: Somebody, order_id: OrderId, tools: Given) -> Response:
    """The order, as of its last record."""
    known = await known_of(tools, seen_by(session.visitor, order_id))
    why = await explained(tools, session.visitor, known)
    said, code = _answered(request)
    return show(
        request,
        "order.html",
        **_known(known),
        **_waiting(why, now()),
        receiver=(await seen(tools, session.visitor, known)).receiver,
        temporal_url=temporal_url(tools.terms, order_id),
        allowed=[kind for kind in BUTTONS if kind in why.allowed],
        key=uuid4().hex,
        returns=(await tools.returns.listing(ReturnFilter(order=order_id))).rows,
        by_hand=asked_for(known.order) if session.visitor.role in WRITERS else None,
        spans=[name.value for name in Span],
        lost=bool(errands.of(known.order, What.LABEL, State.LOST)),
        verdict=verdict,
        said=said,
        code=code,
    )


def _known(known: Known) -> Shown:
    order = known.order
    return {
        "order": order,
        "number": order.id.rpartition("/")[2],
        "standing": known.record.standing,
        "way": _way(known),
        "lines": lines(order),
        "held": held(order.hold) if order.hold else None,
        "flags": to_review(order),
        "as_of": known.as_of,
    }


def _waiting(why: Explanation, at: datetime) -> Shown:
    return {"why": why, "share": share(why, at), "now": at}


@router.post("/wishes")
async def press(form: Form, session: Somebody, order_id: OrderId, tools: Given) -> Response:
    """A button is a wish. The page that sent it is shown again, with the answer."""
    sessions.from_this_form(session, form.get("token", ""))
    said = {"said": "granted"}
    try:
        await granted(tools, session.visitor, order_id, _words(form), form.get("key") or None)
    except Refused as failure:
        said = {"said": "refused", "code": failure.code}
    except Problem as problem:
        if problem.status not in ANSWERS:
            raise
        said = {"said": ANSWERS[problem.status]}
    return RedirectResponse(f"/board/orders/{order_id}?{urlencode(said)}", 303)


def _answered(request: Request) -> tuple[str | None, str | None]:
    """What became of a button, and why. Only words of ours are shown: an address is not for writing on our pages."""
    said, code = request.query_params.get("said"), request.query_params.get("code")
    return (said if said in WORDS else None), (code if f"refusal.{code}" in WORDS else None)


def _words(form: dict[str, str]) -> dict[str, JsonValue]:
    """A form's fields as the wish they stand for."""
    kind = form.get("kind", "")
    words: dict[str, JsonValue] = {"kind": kind}
    if kind == "cancel":
        words["reason"] = form.get("reason", "changed_mind")
    if kind == "retry" and form.get("what"):
        words["what"] = form["what"]
    if kind == "amend_policy":
        words["change"] = {"span": form.get("span", ""), "plus": f"PT{form.get('hours', '')}H"}
    if kind == "change_address":
        words["receiver"] = {
            name.removeprefix("receiver."): word for name, word in form.items() if name.startswith("receiver.")
        }
    return words


def _way(known: Known) -> Way:
    here = known.record.standing.stage
    ahead = () if here in TURNED else spine(known.order)
    return way(timeline(known.order), here, ahead)


def share(why: Explanation, at: datetime) -> int | None:
    """How much of its time is used up, in hundredths."""
    if not (why.since and why.until) or why.until <= why.since:
        return None
    return min(100, max(0, round(100 * (at - why.since) / (why.until - why.since))))

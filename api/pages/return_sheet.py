"""One return on one page: its way drawn, why it stands where it stands, what goes back, and what may be done."""

from typing import Annotated, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from api import return_pictures, stories
from api.dependencies import Given, now
from api.errors import Problem
from api.pages import sessions
from api.pages.dictionary import WORDS
from api.pages.forms import Form, key_of
from api.pages.lines import held, verdict
from api.pages.refund_dictionary import REASONS
from api.pages.return_drawings import slices, way_back
from api.pages.return_homeward import going_home
from api.pages.return_lines import lines_back, reason_key
from api.pages.return_wordings import ASKING, judging, wordings
from api.pages.sessions import Seated, Session
from api.pages.sheet import ANSWERS, share
from api.pages.showing import show
from api.records import known_of, workflows_url
from api.return_pictures import TAKERS, PictureId
from api.return_wishes import WISHERS, ReturnId, granted, seen
from api.visitors import EVERYBODY, Visitor
from models.approval import Decider
from models.case import Case, Owner
from models.errors import Refused
from models.fact import GoodsInspected
from models.noun import Id, Money
from models.order import Order
from models.rma import Return, ReturnRecord
from models.story import Explanation
from models.wish import CloseCase
from rules import approvals, parcels, return_explaining
from rules import return_stages as stages
from rules.return_permissions import refusal
from rules.return_silences import LADDER

router = APIRouter(prefix="/board/returns/{return_id}", tags=["pages"])
Somebody = Annotated[Session, Depends(Seated(*EVERYBODY))]
Looker = Annotated[Session, Depends(Seated(*TAKERS))]
Shown = dict[str, object]  # what the template shows
FIELDS: Final = {
    "hold": ("reason",),
    "refuse_refund": ("word",),
    "close_case": ("deadline", "since"),
    "dismiss": ("telling",),
    "decide": ("word",),
    "judge_goods": ("word",),
}

YES_OR_NO: Final = {"decide": "is_agreed", "judge_goods": "is_passed"}


@router.get("")
async def sheet(request: Request, session: Somebody, return_id: ReturnId, tools: Given) -> Response:
    """The return, as of its last record."""
    known = await seen(tools, session.visitor, return_id)
    matter, order = known.matter, (await known_of(tools, known.matter.order)).order
    why, at = explained(known), now()
    return show(
        request,
        "return.html",
        **_known(known, order),
        **_decided(matter),
        **_doing(session.visitor, matter),
        **going_home(tools, session.visitor, matter),
        **_answered(request),
        why=why,
        share=share(why, at),
        now=at,
        pictures=await tools.pictures.listing(matter.order, return_id),
        may_look=session.visitor.role in TAKERS,
        temporal_url=workflows_url(tools.terms, f"/{quote(stories.story_of(return_id), safe='')}"),
        key=uuid4().hex,
    )


@router.get("/pictures/{picture}")
async def picture(session: Looker, return_id: ReturnId, picture: PictureId, tools: Given) -> Response:
    """One of them, for who sits there; each look is written down."""
    return await return_pictures.look(tools, session.visitor, return_id, picture)


@router.post("/wishes")
async def press(form: Form, session: Somebody, return_id: ReturnId, tools: Given) -> Response:
    """A button is a wish. The page that sent it is shown again, with the answer."""
    sessions.from_this_form(session, form.get("token", ""))
    said = {"said": "granted"}
    try:
        await granted(tools, session.visitor, return_id, _words(form), key_of(form))
    except Refused as failure:
        said = {"said": "refused", "code": failure.code}
    except Problem as problem:
        if problem.status not in ANSWERS:
            raise
        said = {"said": ANSWERS[problem.status]}
    return RedirectResponse(f"/board/returns/{return_id}?{urlencode(said)}", 303)


def explained(known: ReturnRecord) -> Explanation:
    """What it waits for, since when, until when, and who must look."""
    standing = known.standing
    row = LADDER.by_name.get(standing.waits_for or "")
    due = row.due(known.matter) if row else None
    return Explanation(
        waits_for=standing.waits_for,
        words=row.words if row else "",
        since=due.since if due else standing.since,
        until=standing.due_at,
        owner=standing.owner or (Owner.OWNER if row and row.is_for_people else None),
        role=row.role if row else None,
    )


def _known(known: ReturnRecord, order: Order) -> Shown:
    matter = known.matter
    inspected = stages.told(matter, GoodsInspected)
    return {
        "matter": matter,
        "order": order,
        "stage": known.standing.stage,
        "is_overdue": known.standing.is_overdue,
        "way": way_back(matter),
        "slices": () if stages.is_stopped(matter) else slices(matter, order),
        "total": _total(matter),
        "is_stopped": stages.is_stopped(matter),
        "new_order": stages.new_order(matter),
        "instead": {wanted.line: wanted.sku for wanted in matter.instead},
        "shares": matter.assessed.shares if matter.assessed else (),
        "graded": inspected.graded if inspected else (),
        "fault": inspected.fault if inspected else None,
        "lines": lines_back(matter),
        "parcels": [(parcel, parcels.is_void(matter, parcel)) for parcel in matter.parcels],
        "held": held(matter.hold) if matter.hold else None,
        "held_key": reason_key(matter.hold.code) if matter.hold else None,
        "verdict": verdict,
    }


def _total(matter: Return) -> Money:
    if stages.is_stopped(matter):
        return Money(minor=0, currency=matter.amount.currency)
    return stages.amount(matter)


def _decided(matter: Return) -> Shown:
    made = stages.decisions(matter)
    left = approvals.next_step(matter.steps, made)
    return {
        "decisions": [(decision, reason_key(decision.word)) for decision in made],
        "left": left.levels if left and not stages.is_stopped(matter) else (),
        "agreement": stages.agreement(matter),
        "decisive": matter.judgement.decisive,
        "verdicts": matter.judgement.verdicts,
    }


def _doing(visitor: Visitor, matter: Return) -> Shown:
    """Only what the role may want, and what would be granted now."""
    decider = Decider(by=visitor.name, role=visitor.role)
    mine = {kind for kind, roles in WISHERS.items() if visitor.role in roles}
    others = return_explaining.left_to_others(matter, decider)
    return {
        "allowed": [kind for kind in return_explaining.allowed(matter, decider) if kind in mine],
        "others": {kind: code for kind, code in others.items() if kind in mine and kind != "refuse_refund"},
        "may_close": "close_case" in mine,
        "may_dismiss": "dismiss" in mine,
        "cases": [(case, _refusal(visitor, matter, case)) for case in matter.cases if not case.closed_at],
        "wordings": {
            "decide": wordings(matter),
            "judge_goods": judging(may_pass=return_explaining.may_pass(matter, visitor.name)),
        },
        "asking": ASKING,
        "reasons": REASONS,
    }


def _refusal(visitor: Visitor, matter: Return, case: Case) -> Id | None:
    """Why looking is not enough to close it, or not theirs."""
    return refusal(matter, CloseCase(by=visitor.name, deadline=case.deadline, since=case.since, role=visitor.role))


def _words(form: dict[str, str]) -> dict[str, JsonValue]:
    """A form's fields as the wish they stand for."""
    kind = form.get("kind", "")
    words: dict[str, JsonValue] = {"kind": kind, **{name: form.get(name, "") for name in FIELDS.get(kind, ())}}
    if kind == "trigger" and "sum" in form:
        words["up_to"] = {"minor": form["sum"]}
    if kind in YES_OR_NO:
        words[YES_OR_NO[kind]] = form.get("agreed") == "yes"
    return words


def _answered(request: Request) -> Shown:
    """Only words of ours are shown: an address is not for writing on our pages."""
    said, code = request.query_params.get("said"), request.query_params.get("code")
    return {"said": said if said in WORDS else None, "code": code if f"return_refusal.{code}" in WORDS else None}

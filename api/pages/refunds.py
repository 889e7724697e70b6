"""The page of finance: refunds that are due, let go, held or refused, one or many; and who let the others go."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError

from api.dependencies import Given, now
from api.finance import Many, Status, words_of_each
from api.many import Answered, Fate, each
from api.pages import sessions
from api.pages.drawings import lateness
from api.pages.forms import ListForm, key_of
from api.pages.lines import Held, held
from api.pages.refund_dictionary import REASONS
from api.pages.return_lines import reason_key
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.return_wishes import After
from api.tools import Tools
from models.case import Hold
from models.rma import ReturnStage
from rules.return_permissions import MONEY
from rules.return_stages import MORE
from store.refunds import RefundRow, refunds, tallies
from store.return_lists import ReturnFilter

router = APIRouter(prefix="/board/refunds", tags=["pages"])
Cashier = Annotated[Session, Depends(Seated(*MONEY))]
SHOWN: Final = 50
TICK: Final = "tick."  # before the number of a return that is ticked
SUM: Final = "sum."  # before the same, what the page showed
UNSAID: Final = "looked_at"
Answers = tuple[Answered, ...]


@router.get("")
async def desk(
    request: Request,
    session: Cashier,
    tools: Given,
    status: Status = Status.DUE,
    after: After = None,
) -> Response:
    """Due ones first of all, the longest waiting at the top."""
    return await _desk(request, session, tools, ReturnFilter(ReturnStage(status.value), limit=SHOWN, after=after))


@router.post("")
async def press(request: Request, form: ListForm, session: Cashier, tools: Given) -> Response:
    """One by its own button, or all that are ticked; each is answered by itself, above the list."""
    sessions.from_this_form(session, form.get("token", ""))
    due = ReturnFilter(ReturnStage.DUE, limit=SHOWN)
    try:
        said = _said(form)
    except ValidationError:
        return await _desk(request, session, tools, due, is_wrong=True)
    key = key_of(form) or uuid4().hex
    answers = await each(tools, session.visitor, words_of_each(said), f"{key}-{said.deed}")
    return await _desk(request, session, tools, due, answers)


def _said(form: dict[str, str]) -> Many:
    """Raises: ValidationError, where nothing is ticked."""
    deed, _, number = form.get("one", "").partition(":")
    ticked = [name.removeprefix(TICK) for name in form if name.startswith(TICK)]
    numbers = [number] if number else ticked
    words = {"deed": deed or form.get("deed", ""), "returns": numbers, "word": form.get("reason") or UNSAID}
    sums = {number: {"minor": form[SUM + number]} for number in numbers if SUM + number in form}
    return Many.model_validate({**words, "up_to": sums})


async def _desk(  # noqa: PLR0913 - whatever the page shows
    request: Request,
    session: Session,
    tools: Tools,
    which: ReturnFilter,
    answers: Answers = (),
    *,
    is_wrong: bool = False,
) -> Response:
    page, at = await refunds(tools.db, which), now()
    waits = [at - row.since for row in page.rows]
    return show(
        request,
        "refunds.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK,
        rows=list(zip(page.rows, waits, lateness(waits), strict=True)),
        most=max((row.amount.minor for row in page.rows), default=1) or 1,
        tallies=await tallies(tools.db),
        stage=which.stage,
        statuses=tuple(Status),
        done={answer.id for answer in answers if answer.answer is Fate.GRANTED},
        answers=answers,
        fates={fate: count for fate in Fate if (count := sum(answer.answer is fate for answer in answers))},
        is_wrong=is_wrong,
        is_mine=lambda row: _is_mine(session, row),
        reasons=REASONS,
        reason_key=reason_key,
        stuck=_stuck,
        is_more=lambda row: row.held == MORE and not row.held_by,
        key=uuid4().hex,
        next=page.next,
    )


def _stuck(row: RefundRow) -> Held | None:
    """What no person holds it by."""
    return held(Hold(code=row.held, since=row.since)) if row.held and not row.held_by else None


def _is_mine(session: Session, row: RefundRow) -> bool:
    """Whoever asked for it, or agreed to it, does not also let it go."""
    return session.visitor.name in (row.asked_by, *row.agreed_by)

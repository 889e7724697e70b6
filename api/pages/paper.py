"""A label on paper, for a box that no courier's system gives one for, and what a person wrote on it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api.dependencies import Given, OrderId, Part
from api.errors import Problem, of_validation
from api.labels import WRITERS, Written, template_of, write
from api.pages import sessions
from api.pages.barcodes import code128
from api.pages.forms import Form
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from models.errors import Refused
from models.noun import Id

router = APIRouter(prefix="/board/orders/{channel}/{shop}/{number}/boxes/{box}/template", tags=["pages"])
Writer = Annotated[Session, Depends(Seated(*WRITERS))]
INVALID = 422


@router.get("")
async def paper(request: Request, session: Writer, order_id: OrderId, box: Part, tools: Given) -> Response:
    """To print. On the screen there is also the form, so that what is told is what was printed."""
    try:
        template = await template_of(tools, session.visitor, order_id, box)
    except Refused as failure:
        return _back(order_id, said="refused", code=failure.code)
    said = "invalid" if "said" in request.query_params else None
    return show(request, "label.html", label=template, barcode=code128(template.parcel), said=said)


@router.post("")
async def written(form: Form, session: Writer, order_id: OrderId, box: Part, tools: Given) -> Response:
    """A waybill is a fact by the word of who sits there. The order's page is shown, with what became of it."""
    sessions.from_this_form(session, form.get("token", ""))
    try:
        await write(tools, session.visitor, order_id, box, _words(form))
    except Refused as failure:
        return _back(order_id, said="refused", code=failure.code)
    except Problem as problem:
        if problem.status != INVALID:
            raise
        return RedirectResponse(f"/board/orders/{order_id}/boxes/{box}/template?said=invalid", 303)
    return _back(order_id, said="noted")


def _words(form: dict[str, str]) -> Written:
    try:
        return Written.model_validate(form)
    except ValidationError as error:
        raise of_validation(error) from None


def _back(order_id: Id, **answer: str) -> Response:
    return RedirectResponse(f"/board/orders/{order_id}?{urlencode(answer)}", 303)

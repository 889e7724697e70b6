"""The form with which the warehouse says that goods left for home again."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from api.dependencies import Given, now
from api.errors import Problem
from api.pages import sessions
from api.pages.forms import Form, key_of
from api.pages.sessions import Seated, Session
from api.return_wishes import ReturnId
from api.returns import TELLERS, Told, heard
from api.tools import Tools
from api.visitors import Visitor
from api.wishes import mark
from models.errors import Refused
from models.fact import GoodsSentHome
from models.noun import Id
from models.rma import Return
from rules import homeward
from rules import return_stages as stages

KIND: str = GoodsSentHome.model_fields["kind"].default
router = APIRouter(prefix="/board/returns/{return_id}", tags=["pages"])
Sender = Annotated[Session, Depends(Seated(*TELLERS[KIND]))]
Shown = dict[str, object]  # what the template shows


@router.post("/sent-home")
async def send_home(form: Form, session: Sender, return_id: ReturnId, tools: Given) -> Response:
    """With whom, and under which number. Pressed twice, it is one parcel."""
    sessions.from_this_form(session, form.get("token", ""))
    body = {name: form.get(name, "").strip() for name in ("courier", "waybill")}
    key, said = key_of(form) or uuid4().hex, {"said": "homeward.told"}
    number = f"desk-{key}.{mark(tools, session.visitor, {**body})}"
    try:
        await heard(tools, session.visitor, return_id, Told(kind=KIND, at=now(), body={**body}), number)
    except Refused as failure:
        said = {"said": "refused", "code": failure.code}
    except Problem as problem:
        if problem.status != 422:  # noqa: PLR2004 - as HTTP counts
            raise
        said = {"said": "homeward.unreadable"}
    return RedirectResponse(f"/board/returns/{return_id}?{urlencode(said)}", 303)


def going_home(tools: Tools, visitor: Visitor, matter: Return) -> Shown:
    """What the page of a return says of it, and the couriers to choose from for whoever may send the goods home."""
    is_due = stages.is_stopped(matter) and homeward.here_since(matter) is not None
    return {
        "sent_home": homeward.sent(matter),
        "couriers": _couriers(tools) if is_due and visitor.role in TELLERS[KIND] else (),
    }


def _couriers(tools: Tools) -> tuple[Id, ...]:
    """Ours first to hand; another one may be written."""
    return tuple(courier.name for courier in tools.registry.couriers)

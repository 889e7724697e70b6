"""A parcel without a return on one page: what it looks like, where it lies, and whose it may be."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api.arrivals import RAMP, arrival_of
from api.dependencies import Given
from api.errors import Problem
from api.pages import sessions
from api.pages.forms import Form
from api.pages.inspect import CODE, code_of, from_this_page
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.return_pictures import Kept, PictureId, shown
from api.stray_views import stray_view
from api.strays import SETTLERS, Closing, StrayId, assigned, closed, photographed
from api.tools import Tools
from models.errors import Failure, Missing, Refused
from models.noun import Id
from rules.strays import BECAUSE

router = APIRouter(prefix="/board/strays/{stray}", tags=["pages"])
Settler = Annotated[Session, Depends(Seated(*SETTLERS))]
Packer = Annotated[Session, Depends(Seated(*RAMP))]


@router.get("")
async def sheet(request: Request, session: Settler, stray: StrayId, tools: Given) -> Response:
    """The parcel, and what may be done with it."""
    return show(
        request,
        "stray.html",
        stray=await stray_view(tools, await tools.strays.get(stray)),
        asked=dict(request.query_params),
        endings=BECAUSE,
        is_ramp=session.visitor.role in RAMP,
    )


@router.get("/pictures/{picture}")
async def picture(session: Settler, stray: StrayId, picture: PictureId, tools: Given) -> Response:
    """One of them; each look is written down."""
    return await shown(tools, session.visitor, (stray, stray), picture)


@router.post("/pictures", status_code=201)
async def photograph(request: Request, session: Packer, stray: StrayId, tools: Given) -> Kept:
    """What is in front of the camera, now."""
    from_this_page(request, session)
    return await photographed(request, session.visitor, stray, tools, (None, None))


@router.post("/settle")
async def settle(form: Form, session: Settler, stray: StrayId, tools: Given) -> Response:
    """Whose it is, or what became of it; the same page with the answer."""
    sessions.from_this_form(session, form.get("token", ""))
    try:
        await _settled(tools, session, stray, form)
    except Failure as failure:
        said = {"said": "refused", "code": code_of(failure)}
    except ValidationError:
        said = {"said": "refused", "code": "invalid"}
    except Problem as problem:
        said = {"said": "refused", "code": problem.code}
    else:
        said = {"said": "granted"}
    return RedirectResponse(f"/board/strays/{stray}?{urlencode(said)}", 303)


async def _settled(tools: Tools, session: Session, stray: Id, form: dict[str, str]) -> None:
    if form.get("deed") == "assign":
        await assigned(tools, session.visitor, stray, await _meant(tools, form.get("code", "")))
    else:
        await closed(tools, session.visitor, stray, Closing.model_validate({"because": form.get("because")}).because)


async def _meant(tools: Tools, said: str) -> Id:
    """The return that any code leads to, if it is one. Raises: Missing, Refused."""
    known = (await arrival_of(tools, CODE.validate_python(said.strip()))).returns
    open_ones = [one for one in known if not one.refused] or list(known)
    if not open_ones:
        raise Missing("return_unknown")
    if len(open_ones) > 1:
        raise Refused("several_returns")
    return open_ones[0].id

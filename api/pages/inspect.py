"""The scanner's own page: scan a parcel, see what it is, look at every unit, go on to the next one."""

import re
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue, TypeAdapter, ValidationError

from api.arrivals import RAMP, Arrival, Awaited, arrival_of
from api.dependencies import Given, now
from api.errors import Problem, of_failure
from api.pages import sessions
from api.pages.forms import Form, ListForm, key_of
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.return_pictures import Kept, taken
from api.return_wishes import ReturnId
from api.returns import Told, heard
from api.saying import Words
from api.strays import Unexpected, kept
from api.tools import Tools
from api.wishes import mark
from models.errors import Failure
from models.noun import Id
from models.picture import NewPicture, Occasion
from models.returns import Fault, Grade
from rules.gradings import FRESH
from rules.pictures import MOST

router = APIRouter(prefix="/board", tags=["pages"])
Packer = Annotated[Session, Depends(Seated(*RAMP))]
CODE: TypeAdapter[Id] = TypeAdapter(Id)
SPOILT: Final = tuple(grade for grade in Grade if grade not in FRESH)
INCOMPLETE: Final = frozenset((Grade.OPENED, Grade.WORN, Grade.DAMAGED))  # what is as new has all its parts
GRADES: Final = {"part": tuple(Grade), "refuse": SPOILT}  # what may be said of a unit, by the verdict on all of them


@router.get("/inspect")
async def scan(request: Request, _: Packer, tools: Given) -> Response:
    """A field for a code, and whatever the last code led to."""
    asked = {name: word.strip()[:80] for name, word in request.query_params.items()}
    code = _code(asked.get("code", ""))
    found = await arrival_of(tools, code) if code else None
    if found and found.stray and not found.returns:
        return RedirectResponse(f"/board/strays/{found.stray.id}", 303)
    return show(
        request,
        "inspect.html",
        asked=asked,
        is_unreadable=bool(asked.get("code")) and code is None,
        found=found,
        one=_one(found),
        taken=await _taken(tools, _one(found)),
        grades=GRADES,
        faults=tuple(Fault),
        places=await tools.boxes.places(),
        key=uuid4().hex,
    )


def _code(said: str) -> Id | None:
    try:
        return CODE.validate_python(said)
    except ValidationError:
        return None


def _one(found: Arrival | None) -> Awaited | None:
    """The only return that can be in the parcel."""
    open_ones = [one for one in found.returns if not one.refused] if found else []
    return open_ones[0] if len(open_ones) == 1 else None


async def _taken(tools: Tools, one: Awaited | None) -> tuple[Id, ...]:
    """Pictures of this inspection that were taken before the page was there again."""
    album = await tools.pictures.listing(one.order, one.id) if one else ()
    return tuple(picture.id for picture in album if picture.occasion is Occasion.INSPECTION)


@router.post("/inspect/{return_id}")
async def submit(form: ListForm, session: Packer, return_id: ReturnId, tools: Given) -> Response:
    """What was found; the page for the next scan comes back. Pressed twice, it is one inspection."""
    sessions.from_this_form(session, form.get("token", ""))
    place, key = form.get("place", ""), key_of(form) or uuid4().hex
    awaited = await _awaited(tools, return_id)
    graded = _graded(awaited, form) if awaited else None
    if awaited is None or graded is None or not await tools.boxes.is_place(place):
        why = "return_is_over" if awaited is None else "counts" if graded is None else "no_place"
        return _back(code=return_id, place=place, said=why)
    body: Words = {"place": place}
    if not awaited.has_arrived:
        await _tell(tools, session, return_id, ("goods_arrived", body), key)
    if graded:
        body = {**body, "graded": graded, "pictures": _named(form), **_fault(form)}
        await _tell(tools, session, return_id, ("goods_inspected", body), key)
    return _back(place=place, said="inspected" if graded else "received", about=return_id)


async def _awaited(tools: Tools, return_id: Id) -> Awaited | None:
    found = (await arrival_of(tools, return_id)).returns
    return next((one for one in found if one.id == return_id and not one.refused), None)


async def _tell(tools: Tools, session: Session, return_id: Id, fact: tuple[str, Words], key: str) -> None:
    kind, body = fact
    number = f"desk-{key}.{mark(tools, session.visitor, body)}"  # counted anew is another look
    await heard(tools, session.visitor, return_id, Told(kind=kind, at=now(), body=body), number)


def _graded(one: Awaited, form: dict[str, str]) -> list[JsonValue] | None:
    """Every unit by its grade; none of them where it is only received. None: the units do not add up."""
    match form.get("verdict"):
        case "pass":
            return [{"line": item.line, "quantity": item.quantity, "grade": Grade.AS_NEW} for item in one.items]
        case "receive":
            return []
        case "part" | "refuse" as verdict:
            return _counted(one, form, verdict)
        case _:
            return None


def _counted(one: Awaited, form: dict[str, str], verdict: str) -> list[JsonValue] | None:
    graded = list[JsonValue]()
    for item in one.items:
        said = f"{verdict}.{item.line}"
        units = {grade: count for grade in GRADES[verdict] if (count := _units(form, said, grade))}
        lacks, other = _lacking(form.get(f"{said}.lacks", "")), form.get(f"{said}.sku", "").strip()
        if sum(units.values()) != item.quantity or lacks is None or (lacks and not units.keys() & INCOMPLETE):
            return None
        if other and (_code(other) is None or Grade.ANOTHER not in units):
            return None
        graded += [{"line": item.line, **_one_grade(grade, count, lacks, other)} for grade, count in units.items()]
    return graded


def _one_grade(grade: Grade, quantity: int, lacks: list[JsonValue], other: str) -> Words:
    missing: Words = {"missing": lacks} if lacks and grade in INCOMPLETE else {}
    named: Words = {"sku": other} if other and grade is Grade.ANOTHER else {}
    return {"quantity": quantity, "grade": grade, **missing, **named}


def _lacking(said: str) -> list[JsonValue] | None:
    """Parts by their codes, with anything between them; None: one of them is no code."""
    codes = [_code(word) for word in re.split(r"[\s,;，；、]+", said.strip()[:400]) if word]
    return None if None in codes else [*codes]


def _units(form: dict[str, str], name: str, grade: Grade) -> int:
    """One unit has one grade; of several so many have each."""
    said = form.get(f"{name}.{grade}", "")
    return int(form.get(name) == grade) or (int(said) if said.isdecimal() and len(said) < len("1000000") else 0)


def _named(form: dict[str, str]) -> list[JsonValue]:
    """Pictures that were taken on this page."""
    named = [name.partition(".")[2] for name in form if name.startswith("picture.")]
    return [*named[: MOST[Occasion.INSPECTION]]]


def _fault(form: dict[str, str]) -> Words:
    """Where it is not as the customer says."""
    said = form.get(f"{form.get('verdict')}.fault", "")
    return {"fault": said} if said in tuple(Fault) else {}


def _back(**said: str) -> Response:
    return RedirectResponse(f"/board/inspect?{urlencode(said)}", 303)


@router.post("/inspect/{return_id}/pictures", status_code=201)
async def photograph(request: Request, session: Packer, return_id: ReturnId, tools: Given) -> Kept:
    """What is in front of the camera, now and here."""
    from_this_page(request, session)
    order = (await tools.returns.get(return_id)).matter.order
    place = _code(request.query_params.get("place", ""))
    said = {"by": session.visitor.name, "taken_at": now(), "place": place}
    new = NewPicture(order=order, about=return_id, occasion=Occasion.INSPECTION, **said)
    return await taken(tools, session.visitor, new, request)


@router.post("/strays")
async def keep(form: Form, session: Packer, tools: Given) -> Response:
    """Nobody expects it: it is kept, and photographed on the page that comes then."""
    sessions.from_this_form(session, form.get("token", ""))
    code, place = form.get("code", ""), form.get("place", "")
    try:
        said = Unexpected(code=code, place=place, note=form.get("note", "").strip()[:500])
        stray = await kept(tools, session.visitor, said)
    except (ValidationError, Problem):
        return _back(code=code, said="no_place")
    return RedirectResponse(f"/board/strays/{stray.id}", 303)


def from_this_page(request: Request, session: Session) -> None:
    """Sent by a script of ours with the token of its page. Raises: Problem 403."""
    sessions.same_origin(request)
    sessions.from_this_form(session, request.headers.get("x-form-token", ""))


def code_of(failure: Failure) -> str:
    """What a page says of a failure."""
    return of_failure(failure).code

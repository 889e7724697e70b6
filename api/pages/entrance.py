"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.dependencies import Given, Public, known_by, place_of
from api.errors import Problem
from api.pages import sessions
from api.pages.forms import Form
from api.pages.sessions import Seated, Session
from api.pages.showing import show
from api.visitors import EVERYBODY, digest_of

router = APIRouter(tags=["pages"])


@router.get("/login", dependencies=[Depends(Public())])
async def entrance(request: Request) -> Response:
    """The form."""
    return show(request, "login.html", problem=None)


@router.post("/login", dependencies=[Depends(Public())])
async def enter(request: Request, form: Form, tools: Given) -> Response:
    """A key that we know begins a session."""
    key = form.get("key", "").strip()
    try:
        known_by(tools, key, place_of(request))
    except Problem as problem:
        return show(request, "login.html", problem.status, problem=problem.code)
    answer = RedirectResponse("/", 303)
    sessions.begin(answer, tools.terms, digest_of(key))
    return answer


@router.post("/logout")
async def leave(form: Form, session: Annotated[Session, Depends(Seated(*EVERYBODY))]) -> Response:
    """The end of the session."""
    sessions.from_this_form(session, form.get("token", ""))
    answer = RedirectResponse("/login", 303)
    sessions.end(answer)
    return answer

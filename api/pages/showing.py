"""How a page is made: templates, words in the reader's language, instants in the reader's zone."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.dependencies import now, tools_of
from api.errors import of_exception
from api.pages.dictionary import WORDS
from api.pages.sessions import read
from api.pages.words import language_of, many, party, span, who, word
from models.noun import Money

REMEMBERED: Final = 365 * 24 * 3600  # seconds that a chosen language is remembered
TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def show(request: Request, name: str, status: int = 200, /, **shown: Any) -> Response:
    """A page, in the reader's language."""
    tools, language = tools_of(request), language_of(request)
    around = {
        "lang": language.value,
        "w": partial(word, language),
        "span": partial(span, language),
        "many": partial(many, language),
        "party": partial(party, language),
        "who": partial(who, language),
        "clock": partial(clock, now().astimezone(tools.terms.zone)),
        "day": partial(day, now().astimezone(tools.terms.zone)),
        "money": money,
        "session": read(request, tools.terms),
    }
    page = HTMLResponse(TEMPLATES.get_template(name).render(around | shown), status, {"Cache-Control": "no-store"})
    if request.query_params.get("lang") == language:
        page.set_cookie("lang", language.value, max_age=REMEMBERED, samesite="lax", secure=tools.terms.is_secure)
    return page


def clock(today: datetime, at: datetime, hand: str = "%H:%M") -> str:
    """An instant as a clock on the wall shows it, with the day where it is another, with seconds where asked."""
    there = at.astimezone(today.tzinfo)
    return there.strftime(hand if there.date() == today.date() else f"%m-%d {hand}")


def day(today: datetime, at: datetime) -> tuple[str, str]:
    """The same as a line of a day's list shows it: the day, and the time in it."""
    there = at.astimezone(today.tzinfo)
    return there.strftime("%Y-%m-%d"), there.strftime("%H:%M:%S")


def money(amount: Money) -> str:
    """An amount as people write it."""
    sign = "\N{MINUS SIGN}" if amount.minor < 0 else ""
    return f"{sign}¥{abs(amount.minor) / 100:,.2f}"


def show_problem(request: Request, error: Exception) -> Response:
    """A page that says what did not work; whoever must sign in first is led there."""
    problem = of_exception(error)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return RedirectResponse("/login", 303)
    key = f"problem.{problem.code}"
    detail = word(language_of(request), key) if key in WORDS else problem.detail
    broken = problem.status == HTTPStatus.INTERNAL_SERVER_ERROR
    instance = request.scope.get("instance", "").removeprefix("urn:uuid:") if broken else ""
    said = {"detail": detail, "number": problem.status, "code": problem.code, "instance": instance}
    return show(request, "problem.html", problem.status, **said)

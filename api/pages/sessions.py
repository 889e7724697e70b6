"""Who sits in front of a page: a key shown once, then a signed cookie that names it.

The cookie holds a part of the key's digest and a token for forms. A key that is taken away ends its sessions.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from api.dependencies import Given, spend
from api.errors import Problem, unauthorized
from api.quotas import Limit
from api.tools import Terms
from api.visitors import Visitor
from models.case import Role

COOKIE: Final = "oms_session"
LASTS: Final = 12 * 3600  # seconds: a shift
SHOWN: Final = 24  # characters of the key's digest


@dataclass(frozen=True)
class Session:
    """Somebody at a screen."""

    visitor: Visitor
    form_token: str


def _seal(terms: Terms) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(terms.session_key, salt="board")


def begin(response: Response, terms: Terms, digest: str) -> None:
    """Remember in the browser whose key was shown."""
    words = _seal(terms).dumps([digest[:SHOWN], secrets.token_urlsafe(16)])
    sealed = str(words) if isinstance(words, str) else words.decode()
    response.set_cookie(
        COOKIE, sealed, max_age=LASTS, path="/", secure=terms.is_secure, httponly=True, samesite="strict"
    )


def end(response: Response) -> None:
    """Forget it."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def read(request: Request, terms: Terms) -> Session | None:
    """Who it is, if the cookie is ours, of today, and its key still opens."""
    try:
        shown, token = _seal(terms).loads(request.cookies.get(COOKIE, ""), max_age=LASTS)
    except (BadSignature, ValueError, TypeError):
        return None
    known = (key.visitor for key in terms.keys if key.digest[:SHOWN] == shown)
    visitor = next(known, None)
    return Session(visitor, token) if visitor else None


class Seated:
    """These roles and no others, by session."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, request: Request, tools: Given) -> Session:
        """Who sits there. Raises: Problem 401, which a page turns into the login form; 403; 429."""
        session = read(request, tools.terms)
        if session is None:
            raise unauthorized("no_key")
        if session.visitor.role not in self.roles:
            raise Problem(403, "not_yours")
        spend(tools, Limit.KEY, session.visitor.name)
        return session


def same_origin(request: Request) -> None:
    """A form was sent by a page of ours. Raises: Problem 403."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Problem(403, "not_yours")


def from_this_form(session: Session, token: str) -> None:
    """The form was made for this session. Raises: Problem 403."""
    if not hmac.compare_digest(session.form_token.encode(), token.encode()):
        raise Problem(403, "expired_form")

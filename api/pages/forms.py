"""What a page sends back: an ordinary form, small, from a page of ours."""

import re
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.errors import Problem
from api.limits import SMALL_BODY, body_of
from api.pages.sessions import same_origin

MEDIA_TYPE = "application/x-www-form-urlencoded"
KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
MOST_FIELDS, MOST_ROWS = 30, 200
FOR_EACH_ROW = 2  # a tick, and what was shown


async def form_of(request: Request) -> dict[str, str]:
    """The fields. Raises: Problem 403 from elsewhere, 413, 415, 422."""
    return await _read(request, MOST_FIELDS)


async def list_of(request: Request) -> dict[str, str]:
    """The same of a page with a field for each row of a list."""
    return await _read(request, FOR_EACH_ROW * MOST_ROWS + MOST_FIELDS)


async def _read(request: Request, most: int) -> dict[str, str]:
    same_origin(request)
    if not request.headers.get("content-type", "").startswith(MEDIA_TYPE):
        raise Problem(415, "wrong_media_type")
    body = await body_of(request, SMALL_BODY)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=most))
    except ValueError:
        raise Problem(422, "invalid") from None


def key_of(form: dict[str, str]) -> str | None:
    """Under which a button was pressed: pressed again, it is the same wish. None: no key of ours."""
    key = form.get("key", "")
    return key if KEY.fullmatch(key) else None


ListForm = Annotated[dict[str, str], Depends(list_of)]
Form = Annotated[dict[str, str], Depends(form_of)]

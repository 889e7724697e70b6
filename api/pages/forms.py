"""What a page sends back: an ordinary form, small, from a page of ours."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.errors import Problem
from api.limits import SMALL_BODY, body_of
from api.pages.sessions import same_origin

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 30


async def form_of(request: Request) -> dict[str, str]:
    """The fields. Raises: Problem 403 from elsewhere, 413, 415, 422."""
    same_origin(request)
    if not request.headers.get("content-type", "").startswith(MEDIA_TYPE):
        raise Problem(415, "wrong_media_type")
    body = await body_of(request, SMALL_BODY)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Problem(422, "invalid") from None


Form = Annotated[dict[str, str], Depends(form_of)]

from datetime import datetime
from typing import TypeVar

from models.case import Owner
from models.noun import Id, Noun


class Waiting(Noun, frozen=True):
    """What a story waits for, and who must look: for lists."""

    is_overdue: bool = False
    owner: Owner | None = None  # who must look now
    due_at: datetime | None = None  # when the next person must look, if nothing happens
    waits_for: Id | None = None  # the deadline that runs


S = TypeVar("S", bound=Waiting)

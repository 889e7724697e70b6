"""Who looks, and when."""

from datetime import datetime, time
from typing import Annotated

from pydantic import Field

from models.case import Owner, Role
from models.noun import Id, Noun

Weekday = Annotated[int, Field(ge=1, le=7)]  # 1: Monday


class Person(Noun, frozen=True):
    """Somebody who can be reminded."""

    id: Id
    robot: Id  # the messenger account whose room the person reads


class Shift(Noun, frozen=True):
    """When a person is on duty, and for what. What is left open means any; what is named goes first."""

    person: Person
    rung: Owner
    role: Role | None = None
    place: Id | None = None
    shop: Id | None = None  # <channel>/<shop>, or a whole channel
    days: tuple[Weekday, ...] = Field(default=(1, 2, 3, 4, 5, 6, 7), min_length=1)
    begins: time = time(0)
    ends: time = time(0)  # not after `begins`: on the next day
    zone: str = "Asia/Shanghai"
    valid_from: datetime | None = None  # none: from now on
    valid_until: datetime | None = None

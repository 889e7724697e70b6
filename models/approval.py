"""Who agreed to a return, and who still must."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field, field_validator

from models.case import Owner, Role
from models.noun import Id, Noun
from models.returns import Level


class Step(Noun, frozen=True):
    """Levels that agree beside one another (会签): in whichever order, and each by another person."""

    levels: tuple[Level, ...] = Field(min_length=1)

    @field_validator("levels")
    @classmethod
    def _in_order(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        """Each once, the lowest first, so that equal sets are equal steps."""
        return tuple(level for level in Level if level in levels)


HOUSE = Step(levels=(Level.HOUSE,))


class Decision(Noun, frozen=True):
    """What one person said at one level, and why."""

    level: Level
    by: Id
    at: datetime
    is_agreed: bool
    word: Id  # the wording template
    note_id: Id | None = None  # a sentence beside it, kept in the store


class Decider(Noun, frozen=True):
    """Who wants to decide."""

    by: Id
    role: Role
    rung: Owner = Owner.OWNER


class Agreement(StrEnum):
    """What became of the asking."""

    OPEN = "open"
    AGREED = "agreed"
    REFUSED = "refused"

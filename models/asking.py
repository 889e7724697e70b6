from pydantic import Field

from models.noun import Id, Mark, Money, Noun
from models.refund import Way
from models.returns import Claim, Grade, Instead, Kind, Why


class NewReturn(Noun, frozen=True):
    """What somebody asks back, before it is ours. The note is personal: it stays at the door and in the store."""

    order: Id
    kind: Kind
    why: Why
    claims: tuple[Claim, ...] = Field((), max_length=500)
    grade: Grade | None = None
    sum: Money | None = None  # of a compensation
    way: Way = Field(Way.ORIGINAL, exclude_if=lambda way: way is Way.ORIGINAL)
    instead: tuple[Instead, ...] = Field((), max_length=500, exclude_if=lambda wanted: not wanted)  # of an exchange
    by: Id
    key: Mark | None = None  # under which it is asked for; asked again under it, it is the same return
    note_id: Id | None = None
    urgent: Id | None = None

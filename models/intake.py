"""An order as somebody outside gives it to us, before it is ours."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from models.bargain import Promotion
from models.contact import UNSEEN, Contact
from models.line import Line
from models.noun import Id, Money, Noun, Segment
from models.stage import Paying

# A buyer presses Enter; nothing else that cannot be seen belongs into a note.
SEVERAL_LINES = rf"^(?:[^{UNSEEN}]|[\t\r\n])*$"
Note = Annotated[str, StringConstraints(pattern=SEVERAL_LINES)]


class NewOrder(Noun, frozen=True):
    """What a channel's connector makes of its own words. Personal: it stays at the door and in the store."""

    channel: Segment
    shop: Segment
    number: Segment
    paying: Paying = Paying.PREPAID
    provider: Id | None = None  # None: what the shop's policy says
    lines: tuple[Line, ...] = Field(min_length=1, max_length=500)
    discount: Money = Money(minor=0)
    freight: Money = Money(minor=0)
    # From which the discount hangs, and the freight.
    promotions: tuple[Promotion, ...] = Field((), max_length=50, exclude_if=lambda known: not known)
    total: Money
    placed_at: datetime
    receiver: Contact  # as `GivenContact`, where a connector reads it
    note: Note = Field(default="", max_length=500)

    @property
    def id(self) -> Id:
        """<channel>/<shop>/<number>."""
        return f"{self.channel}/{self.shop}/{self.number}"

    @field_validator("promotions")
    @classmethod
    def _of_these_lines(cls, promotions: tuple[Promotion, ...], info: ValidationInfo) -> tuple[Promotion, ...]:
        named = [line for one in promotions for line in (*one.lines, *(gift.line for gift in one.gifts))]
        if any(not 0 <= line < len(info.data.get("lines", ())) for line in named):
            raise ValueError("a promotion names a line that is not there")
        if sum(one.off.minor for one in promotions) > getattr(info.data.get("discount"), "minor", 0):
            raise ValueError("promotions take off more than the discount")
        return promotions

    @model_validator(mode="after")
    def _sums_up(self) -> "NewOrder":
        goods = sum(line.total.minor for line in self.lines)
        if self.total.minor != goods - self.discount.minor + self.freight.minor:
            raise ValueError("total is not lines - discount + freight")
        return self

"""An order as somebody outside gives it to us, before it is ours."""

from datetime import datetime

from pydantic import Field, model_validator

from models.contact import Contact
from models.line import Line
from models.noun import Id, Money, Noun, Segment
from models.stage import Paying


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
    total: Money
    placed_at: datetime
    receiver: Contact
    note: str = Field(default="", max_length=500)

    @property
    def id(self) -> Id:
        """<channel>/<shop>/<number>."""
        return f"{self.channel}/{self.shop}/{self.number}"

    @model_validator(mode="after")
    def _sums_up(self) -> "NewOrder":
        goods = sum(line.total.minor for line in self.lines)
        if self.total.minor != goods - self.discount.minor + self.freight.minor:
            raise ValueError("total is not lines - discount + freight")
        return self

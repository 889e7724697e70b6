"""What the shop agreed with the buyer beyond lines and total."""

from pydantic import Field

from models.noun import Money, Noun

NOTHING = Money(minor=0)


class Gift(Noun, frozen=True):
    """赠品: a line that came along for spending enough."""

    line: int = Field(ge=0)  # its place among the order's lines
    value: Money  # of one unit, as it was marked: to be paid if it is kept without having spent enough


class Promotion(Noun, frozen=True):
    """满减: spend so much, pay so much less. Steps are promotions of their own, each with what it adds.

    All discounts are in the order's total already; this says from what they hang.
    """

    threshold: Money  # by prices before any discount
    off: Money = NOTHING  # the goods
    freight_off: Money = NOTHING  # 满额包邮: freight that was not asked for
    lines: tuple[int, ...] = ()  # those that count, and carry the discount; none named: all
    gifts: tuple[Gift, ...] = ()


class Bargain(Noun, frozen=True):
    """The terms of one sale."""

    freight: Money = NOTHING  # paid, within the order's total
    promotions: tuple[Promotion, ...] = ()

"""What a refund is reckoned from, and over which payments it goes back."""

from enum import StrEnum

from pydantic import Field

from models.bargain import NOTHING
from models.noun import Id, Money, Noun
from models.returns import Claim, Fault, Grade, Graded, Kind, LineSeen, Why


class Wear(Noun, frozen=True):
    """What is kept back of a unit in such a state."""

    grade: Grade
    per_mille: int = Field(ge=0, le=1000)  # of what was paid for it
    category: Id | None = None  # of goods; None: all that have no row of their own


class PartValue(Noun, frozen=True):
    """What a part costs that did not come back."""

    part: Id
    value: Money


# Why nothing for opened: who opens a box to look still returns the goods whole, by that law; a category may differ.
WEAR = (
    Wear(grade=Grade.OPENED, per_mille=0),
    Wear(grade=Grade.WORN, per_mille=300),
    Wear(grade=Grade.DAMAGED, per_mille=700),
)


class Terms(Noun, frozen=True):
    """The numbers by which a shop refunds. For a reason that is not the customer's nothing is kept back.

    Source: 网络购买商品七日无理由退货暂行办法, in force since 2017-03-15, as reported, read 2026-11-22: goods opened to
    look at them are whole, and the customer bears the way back. The shares are the house's own.
    """

    wear: tuple[Wear, ...] = WEAR
    parts: tuple[PartValue, ...] = ()
    part_per_mille: int = Field(100, ge=0, le=1000)  # of its unit, for a part without a value
    is_label_charged: bool = True  # a label that the shop paid for a return that is the customer's doing
    label: Money = NOTHING  # what such a label costs the customer
    breaking: tuple[Fault, ...] = (Fault.CUSTOMER,)  # whose returns count against a promotion's threshold


class Grounds(Noun, frozen=True):
    """On what one refund rests."""

    kind: Kind = Kind.RETURN
    why: Why
    fault: Fault | None = None  # as inspection found it; None: as the reason says
    units: tuple[Graded | Claim, ...] = ()  # ungraded: as good as new, or nothing comes back
    seen: tuple[LineSeen, ...] = ()  # for the category of a line
    label: Money = NOTHING  # what the shop paid to have it sent back
    decided: Money = NOTHING  # compensation: what somebody decided


class Taken(Claim, frozen=True):
    """Units that went back, or are refunded where they are."""

    fault: Fault


class Before(Noun, frozen=True):
    """What earlier returns of the same order took."""

    units: tuple[Taken, ...] = ()
    refunded: Money = NOTHING  # of the order's total, by whichever way; not what was paid beyond it
    owed: Money = NOTHING  # kept back further than nothing: the next return carries it


class Way(StrEnum):
    """How money goes back."""

    ORIGINAL = "original"  # 原路退回
    BALANCE = "balance"  # 退至余额: to the shop's wallet, by the customer's wish


class Portion(Noun, frozen=True):
    """What goes back of one payment."""

    transaction: Id
    amount: Money
    way: Way = Way.ORIGINAL

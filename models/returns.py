"""What a customer wants back, why, and what came of it."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from models.noun import Id, Money, Noun

LAST_LINE = 100_000  # beyond every order, and a number that the store can hold


class Kind(StrEnum):
    """What a return is to end in."""

    REFUND_ONLY = "refund_only"  # 仅退款: the goods stay, or never left
    RETURN = "return"  # 退货退款
    EXCHANGE = "exchange"  # 换货: a new order when the old goods pass
    RESHIP = "reship"  # 补发: a new order, and nothing comes back
    COMPENSATION = "compensation"  # 补偿: money for the trouble, the goods stay


class Why(StrEnum):
    """The reason, one of twelve; a note may stand beside it and never instead."""

    NO_REASON = "no_reason"  # 七天无理由
    NOT_AS_DESCRIBED = "not_as_described"  # 商品实物与页面描述不符
    PARTS_MISSING = "parts_missing"  # 配件缺失
    DAMAGED_IN_TRANSIT = "damaged_in_transit"  # 物流破损
    COLOUR_OFF = "colour_off"  # 色差明显
    WRONG_ITEM = "wrong_item"  # 发错货
    SHORT = "short"  # 少件、漏发
    DEFECTIVE = "defective"  # 质量问题
    WRONG_SIZE = "wrong_size"  # 尺码不合
    UNWELL = "unwell"  # 过敏、使用不适
    OUT_OF_DATE = "out_of_date"  # 临期、过期
    NOT_RECEIVED = "not_received"  # 未收到货


class Fault(StrEnum):
    """Whose it is: who carries the freight, both ways."""

    CUSTOMER = "customer"
    SHOP = "shop"
    COURIER = "courier"


class Grade(StrEnum):
    """What inspection found of one unit."""

    AS_NEW = "as_new"  # 完好: back on the shelf
    OPENED = "opened"  # 已拆封, complete and clean
    WORN = "worn"  # 有使用痕迹
    DAMAGED = "damaged"  # 损坏
    ANOTHER = "another"  # 非原商品: not what we sold
    MISSING = "missing"  # 空包、未寄回


class Claim(Noun, frozen=True):
    """So many units of one line of the order."""

    line: int = Field(ge=0, le=LAST_LINE)  # its place among the order's lines
    quantity: int = Field(ge=1, le=100_000)


class Instead(Noun, frozen=True):
    """Another thing than the one that was bought: another size, another colour (换成)."""

    line: int = Field(ge=0)  # its place among the order's lines
    sku: Id


class Graded(Claim, frozen=True):
    """What inspection found of so many units of one line."""

    grade: Grade
    missing: tuple[Id, ...] = ()  # parts of each of these units that did not come back, by their codes
    sku: Id | None = Field(None, exclude_if=lambda sku: sku is None)  # of another thing: what of ours it is


class AfterSale(StrEnum):
    """How far a return is, as far as its order is concerned (售后)."""

    OPEN = "open"  # asked for, and not over
    TRIGGERED = "triggered"  # its money, or its new goods, are its own matter from now on
    GIVEN = "given"  # how much goes back is decided
    DONE = "done"  # it went back or was sent anew, or a person sees to it
    OVER = "over"  # refused, withdrawn or lapsed


class Level(StrEnum):
    """Who may agree to a return, one above the other."""

    HOUSE = "house"  # nobody: the rules alone
    SERVICE = "service"  # 客服
    OPERATIONS = "operations"  # 运营
    MANAGER = "manager"  # 经理


class Verdict(Noun, frozen=True):
    """What one rule of a policy said, and by which of its numbers."""

    rule: Id
    is_allowed: bool | None = None  # None: it abstains
    because: Id  # a word for each way a rule can decide
    until: datetime | None = None  # of a window: its end
    line: int | None = None  # of the order's lines, the one that it is about
    is_for_person: bool = False  # whatever is decided: somebody looks


class Wanted(Noun, frozen=True):
    """What a customer asks for."""

    kind: Kind
    why: Why
    claims: tuple[Claim, ...]
    asked_at: datetime  # by our door's clock: who asks in time is not late because we are slow
    grade: Grade | None = None  # what the customer says of the goods; None: inspection will show
    pictures: int = Field(0, ge=0, le=3)
    instead: tuple[Instead, ...] = ()  # of an exchange


class LineSeen(Noun, frozen=True):
    """What is known of one line beside the order itself. A line of which nothing is known is an ordinary one."""

    line: int = Field(ge=0)
    category: Id | None = None
    is_final: bool = False  # 不退不换, as the customer was told before paying
    gone: int = Field(0, ge=0)  # units refunded, or under another return


class Beside(Noun, frozen=True):
    """What is known beside the order when a return is judged."""

    lines: tuple[LineSeen, ...] = ()
    returns_lately: int = Field(0, ge=0)  # of the customer, in the policy's days of history, this one not counted


class Share(Noun, frozen=True):
    """One part of what is refunded, or is kept back. The parts sum to the refund."""

    what: Id  # goods, wear, part_missing, freight, promotion_broken, gift_kept, compensation …
    line: int | None = None
    amount: Money  # less than nothing: kept back

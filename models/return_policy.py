"""The numbers by which a return is judged, as the shop sets them, and what the judgement was."""

from datetime import time, timedelta
from enum import StrEnum

from pydantic import Field, field_validator

from models.approval import HOUSE, Step
from models.fact import Proof
from models.noun import Id, Money, Noun
from models.policy import DAY
from models.refund import Terms
from models.returns import Fault, Level, Verdict, Why

PROVEN = (Proof.PHOTO, Proof.OTP, Proof.LOCKER)


class Freely(StrEnum):
    """Whether a thing may come back without a reason."""

    ALWAYS = "always"
    UNOPENED = "unopened"  # not once its seal is broken: 一经拆封
    NEVER = "never"


class CategoryTerms(Noun, frozen=True):
    """What is special about one category of goods; what it does not say is as everywhere."""

    category: Id
    freely: Freely = Freely.ALWAYS
    free_days: int | None = Field(None, ge=0, le=3650)  # without a reason
    fault_days: int | None = Field(None, ge=0, le=3650)  # for any reason that is not the customer's
    at_least: Level = Level.HOUSE  # who must agree, however small the amount


class Window(Noun, frozen=True):
    """For how long after delivery one reason counts."""

    why: Why
    days: int = Field(ge=0, le=3650)


class Tier(Noun, frozen=True):
    """Who must agree from an amount on, up to the next tier."""

    from_minor: int = Field(ge=0)
    steps: tuple[Step, ...] = Field(min_length=1)


class Patience(Noun, frozen=True):
    """How long each silence of a return may last."""

    decide_within: timedelta = DAY  # the first answer, and each further level
    send_back_within: timedelta = 7 * DAY
    arrive_within: timedelta = 10 * DAY  # since it was sent back
    scan_within: timedelta = DAY  # since a courier said that we have it
    inspect_within: timedelta = 2 * DAY
    trigger_within: timedelta = DAY
    send_home_within: timedelta = 2 * DAY  # what is not accepted, since it was refused
    remind_every: timedelta = timedelta(minutes=15)  # a customer in the fast lane, until a person has taken it
    hurry_within: timedelta = timedelta(hours=2)  # the same first answer, where a word of urgency was said (VIP 通道)
    denied_within: timedelta = DAY  # after a signature without evidence: a customer who says no is at once believed


class Service(Noun, frozen=True):
    """When somebody answers, by the clock of the shop's zone."""

    begins: time = time(9)
    ends: time = time(21)  # not after `begins`: on the next day


class Goods(Noun, frozen=True):
    """What kind of goods a shop's things are, by the beginning of their numbers; the longest that fits counts."""

    starts: Id  # of the SKU; a whole number is its own beginning
    category: Id | None = None
    is_final: bool = False  # 不退不换, as the customer was told before paying


class RiskTerms(Noun, frozen=True):
    """From where on finance is told to look twice."""

    account_days: int = Field(30, ge=0)  # a younger account is new
    returns: int = Field(3, ge=1)  # in the days of history, this one counted
    times_usual: int = Field(5, ge=1)  # so many times what the shop usually gives back
    expensive: Money = Money(minor=50_000)  # from here on, where nothing comes back


class Labels(Noun, frozen=True):
    """Whose way back the shop has carried, by whom, and where to; everybody else sends the goods as they like."""

    faults: tuple[Fault, ...] = (Fault.SHOP, Fault.COURIER)  # of the reason
    couriers: tuple[Id, ...] = ()  # the one we like best first; nobody named: those of the order
    place: Id | None = None  # of ours; None: where the goods came from


CATEGORIES = (
    CategoryTerms(category="fresh_food", freely=Freely.NEVER, fault_days=2),  # 鲜活易腐
    CategoryTerms(category="customised", freely=Freely.NEVER),  # 定作
    CategoryTerms(category="press", freely=Freely.NEVER),  # 报纸、期刊
    CategoryTerms(category="digital", freely=Freely.UNOPENED),  # 音像、软件: 在线下载或拆封
    CategoryTerms(category="underwear", freely=Freely.UNOPENED),  # 贴身衣物
    CategoryTerms(category="cosmetics", freely=Freely.UNOPENED),
    CategoryTerms(category="food", freely=Freely.UNOPENED),
    CategoryTerms(category="medical", freely=Freely.NEVER, at_least=Level.OPERATIONS),
    CategoryTerms(category="jewellery", at_least=Level.OPERATIONS),
)
WINDOWS = (
    Window(why=Why.NO_REASON, days=7),
    Window(why=Why.WRONG_SIZE, days=7),
    Window(why=Why.COLOUR_OFF, days=15),
    Window(why=Why.NOT_AS_DESCRIBED, days=15),
    Window(why=Why.PARTS_MISSING, days=15),
    Window(why=Why.SHORT, days=15),
    Window(why=Why.WRONG_ITEM, days=15),
    Window(why=Why.DAMAGED_IN_TRANSIT, days=7),
    Window(why=Why.DEFECTIVE, days=30),
    Window(why=Why.UNWELL, days=30),
    Window(why=Why.OUT_OF_DATE, days=30),
)
TIERS = (
    Tier(from_minor=0, steps=(HOUSE,)),
    Tier(from_minor=20_000, steps=(Step(levels=(Level.SERVICE,)),)),
    Tier(from_minor=100_000, steps=(Step(levels=(Level.SERVICE,)), Step(levels=(Level.OPERATIONS,)))),
    Tier(from_minor=500_000, steps=(Step(levels=(Level.SERVICE,)), Step(levels=(Level.OPERATIONS, Level.MANAGER)))),
)
SHOWN = (
    Why.NOT_AS_DESCRIBED,
    Why.PARTS_MISSING,
    Why.DAMAGED_IN_TRANSIT,
    Why.COLOUR_OFF,
    Why.WRONG_ITEM,
    Why.SHORT,
    Why.DEFECTIVE,
    Why.OUT_OF_DATE,
)


class ReturnPolicy(Noun, frozen=True):
    """The numbers a return lives by. Copied into the return, with its version, when it is asked for.

    Source: 网络购买商品七日无理由退货暂行办法, in force since 2017-03-15, as reported, read 2026-11-22: which goods may
    not come back without a reason, and seven days from the day after delivery. The longer windows are the house's own.
    """

    version: int = 0  # of the row it was copied from; 0: the house's own
    zone: Id = "Asia/Shanghai"  # where a day of this shop begins: a name of the IANA's tables
    windows: tuple[Window, ...] = WINDOWS  # a reason without a row has no window: a person looks
    categories: tuple[CategoryTerms, ...] = CATEGORIES
    proofs: tuple[Proof, ...] = PROVEN  # of delivery, from which a window begins
    unproven_days: int = Field(30, ge=0, le=3650)  # after an unproven delivery, until a person looks
    shown: tuple[Why, ...] = SHOWN  # reasons that a picture shows
    history_days: int = Field(30, ge=1)
    returns: int = Field(5, ge=1)  # in the days of history, this one counted: a person looks
    tiers: tuple[Tier, ...] = Field(TIERS, min_length=1)
    freely: Money = Money(minor=0)  # up to here the money goes by itself, once all agreed and nothing marks it
    risks: RiskTerms = RiskTerms()
    goods: tuple[Goods, ...] = ()
    terms: Terms = Terms()
    patience: Patience = Patience()
    service: Service = Service()
    labels: Labels = Labels()
    alike: tuple[Id, ...] = ()  # beginnings of numbers: what begins so costs the same, and is exchanged for one another
    wrong_item_within: timedelta = 3 * DAY  # after it left: the right one is sent at once, and nobody is asked

    @field_validator("tiers")
    @classmethod
    def _from_nothing_on(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        """Every amount is in one of them."""
        if min(tier.from_minor for tier in tiers) > 0:
            raise ValueError("the lowest tier must begin at 0")
        return tuple(sorted(tiers, key=lambda tier: tier.from_minor))


class Judgement(Noun, frozen=True):
    """What a policy says of a return: every rule's verdict, the highest rank first."""

    verdicts: tuple[Verdict, ...]

    @property
    def decisive(self) -> Verdict | None:
        """The first that does not abstain; None: no rule decides, a person does."""
        return next((verdict for verdict in self.verdicts if verdict.is_allowed is not None), None)

    @property
    def is_allowed(self) -> bool | None:
        """None: a person decides."""
        return self.decisive.is_allowed if self.decisive else None

    @property
    def looks(self) -> tuple[Id, ...]:
        """Why a person looks at it, whatever the rules decide."""
        return tuple(verdict.because for verdict in self.verdicts if verdict.is_for_person)

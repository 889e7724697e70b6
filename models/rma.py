"""A return: what a customer wants back of one order, and what became of it."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from models.approval import Step
from models.fact import ReturnFact
from models.line import Box
from models.matter import Matter
from models.noun import Id, Money, Noun
from models.refund import Terms, Way
from models.return_policy import Judgement, Patience, Service
from models.returns import Claim, Instead, Kind, LineSeen, Share, Why
from models.standing import Waiting


class ReturnStage(StrEnum):
    """Where a return stands. Always computed from what it holds, never stored."""

    ASKED = "asked"  # 已申请
    APPROVED = "approved"  # 已同意
    SENT_BACK = "sent_back"  # 已寄回: a courier has the goods
    ARRIVED = "arrived"  # 已到仓: scanned into the house
    DUE = "due"  # 待退款: nothing is missing but finance
    PASSED = "passed"  # 验收通过: what came back may be exchanged
    TRIGGERED = "triggered"  # 退款中
    REFUNDED = "refunded"  # 已退款: by the provider's word
    REPLACED = "replaced"  # 已补发、已换货: a new order is on its way
    BY_HAND = "by_hand"  # 人工处理: no provider gave it back, or no order could be made: a person sees to it
    REFUSED = "refused"  # 已拒绝
    WITHDRAWN = "withdrawn"  # 已撤销
    EXPIRED = "expired"  # 已逾期: nothing was sent back in time
    SENT_HOME = "sent_home"  # 原件已寄还: one of those three, and the goods are on their way to the customer again


class Part(Noun, frozen=True):
    """What is given back of one payment."""

    transaction: Id
    bill: Id | None  # our number for what was paid
    party: Id  # who gives it back: who holds it, or the shop's wallet
    whole: Money  # all that was captured
    amount: Money


class Assessed(Noun, frozen=True):
    """How much is given back, and of which payments: decided once, under a lock, with all earlier returns in sight."""

    shares: tuple[Share, ...]
    parts: tuple[Part, ...]
    at: datetime


class Denied(Noun, frozen=True):
    """Handed over, says a courier's system without evidence, and the customer does not have it (显示签收未收到)."""

    courier: Id | None
    signed_at: datetime


class WayBack(Noun, frozen=True):
    """What comes back to which place, and whom we ask for its label, the one we like best first."""

    couriers: tuple[Id, ...]
    box: Box


class Return(Matter, frozen=True):
    """One request, from asked to refunded (退换货)."""

    id: Id  # <business_no of the order>-R<n>; its errands' keys begin with it
    order: Id  # <channel>/<shop>/<number>
    kind: Kind
    why: Why
    claims: tuple[Claim, ...]
    asked_by: Id
    note_id: Id | None = None
    pictures: tuple[Id, ...] = ()
    urgent: Id | None = None  # the word that put it into the fast lane
    judgement: Judgement
    steps: tuple[Step, ...] = ()  # who must agree
    amount: Money  # what goes back if all passes; of a compensation the sum itself
    freely: Money = Money(minor=0)  # up to here the money goes by itself
    patience: Patience = Patience()
    # Unsaid where there is nothing to say.
    way: Way = Field(Way.ORIGINAL, exclude_if=lambda way: way is Way.ORIGINAL)  # as the customer wishes
    terms: Terms = Field(Terms(), exclude_if=lambda terms: terms == Terms())  # of the shop, for the reckoning
    service: Service = Field(Service(), exclude_if=lambda service: service == Service())
    offset: timedelta = Field(timedelta(0), exclude_if=lambda offset: not offset)  # of the shop's zone, when asked
    if_shown: bool = Field(default=False, exclude_if=lambda is_so: not is_so)  # the house agrees by itself to a picture
    denied: Denied | None = Field(None, exclude_if=lambda denied: denied is None)
    goods: tuple[LineSeen, ...] = Field((), exclude_if=lambda goods: not goods)  # what is special about its lines
    instead: tuple[Instead, ...] = Field((), exclude_if=lambda wanted: not wanted)  # of an exchange
    back: WayBack | None = Field(None, exclude_if=lambda back: back is None)  # the shop has it carried
    facts: tuple[ReturnFact, ...] = ()
    # Reckoned when it was let go, and more than was looked at: not decided yet.
    expected: Money | None = Field(None, exclude_if=lambda expected: expected is None)
    assessed: Assessed | None = None

    @property
    def order_id(self) -> Id:
        """The order that it is about."""
        return self.order


class ReturnStanding(Waiting, frozen=True):
    """Where a return stands, for lists."""

    stage: ReturnStage
    since: datetime


class ReturnRecord(Noun, frozen=True):
    """What the store is told: the whole return, and which tellings are in it."""

    matter: Return
    run: Id = "none"
    told_at: datetime | None = None
    standing: ReturnStanding
    heard: tuple[str, ...] = ()
    is_ended: bool = False

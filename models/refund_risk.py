"""What finance is shown of a refund before the money moves."""

from datetime import datetime

from pydantic import Field

from models.fact import Proof
from models.noun import Id, Money, Noun
from models.returns import Kind, Why


class RefundSeen(Noun, frozen=True):
    """A refund that is due, and what is known beside it. What nobody knows is None, and marks nothing."""

    kind: Kind
    why: Why
    amount: Money
    asked_at: datetime
    account_since: datetime | None = None  # of the customer, at the shop
    watched_since: datetime | None = None  # the shop, where the account was only seen by us, and may be older
    returns_lately: int = Field(0, ge=0)  # of the customer, in the policy's days of history, this one not counted
    proofs: tuple[Proof, ...] = ()  # with which the parcels count as handed over
    usual: Money | None = None  # what the shop gives back for a return, the median
    paid_by: tuple[Id, ...] = ()  # ways that the money came
    goes_to: tuple[Id, ...] = ()  # ways that it is to go
    came_otherwise: bool = False  # less, worn or another thing, by inspection
    is_more: bool = False  # than was asked for, and agreed to
    paid_at: datetime | None = None
    address_changed_at: datetime | None = None  # the last time

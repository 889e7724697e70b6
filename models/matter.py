from datetime import datetime
from typing import TypeVar

from models.case import Case, Hold, Pause
from models.errand import Errand
from models.fact import Fact, RefundSettled, Unread
from models.inquiry import Asked
from models.noun import Id, Noun
from models.parcel import Parcel
from models.payment import Payment
from models.policy import Policy
from models.wish import Granted


class Matter(Noun, frozen=True):
    """What a story is told about: an order, or a return.

    It is everything a story remembers, so that a story may be entered anywhere with it.
    """

    id: Id
    business_no: Id  # what the keys of its errands begin with
    received_at: datetime
    contact_version: int = 1
    policy: Policy = Policy()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[RefundSettled, ...] = ()  # the provider's last words
    parcels: tuple[Parcel, ...] = ()
    hearsay: tuple[Fact, ...] = ()  # told by somebody who is not trusted for it
    unread: tuple[Unread, ...] = ()
    wishes: tuple[Granted, ...] = ()
    errands: tuple[Errand, ...] = ()
    asked: tuple[Asked, ...] = ()
    cases: tuple[Case, ...] = ()
    hold: Hold | None = None
    pauses: tuple[Pause, ...] = ()
    version: int = 0  # how many records of it were begun

    @property
    def order_id(self) -> Id:
        """The order that it is, or is about: <channel>/<shop>/<number>."""
        return self.id

    @property
    def channel(self) -> Id:
        """Where it was ordered."""
        return self.order_id.split("/", maxsplit=1)[0]

    @property
    def shop(self) -> Id:
        """Whose it is: channel and shop."""
        return self.order_id.rsplit("/", maxsplit=1)[0]


M = TypeVar("M", bound=Matter)

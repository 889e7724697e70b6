from typing import Protocol, TypeVar

from activities.boundary import hand
from activities.once import CallBook, Once
from connectors.ports import Bill, PaymentProvider, Refunder, RefundOrder
from models.errand import Errand, Outcome, State
from models.errors import Refused, Unavailable
from models.fact import Telling
from models.noun import Id

V = TypeVar("V")


class Links(Protocol):
    """Where buyers pay."""

    async def put(self, bill: Id, url: str) -> None:
        """Once for each bill."""


class Refunds:
    """Speaks with one who gives money back."""

    def __init__(self, refunder: Refunder, calls: CallBook) -> None:
        self.refunder, self.once = refunder, Once(calls)

    @hand("refund_payment")
    async def refund(self, errand: Errand) -> Outcome:
        """Money of one transaction back, once; begun: they took the task, the end comes later."""
        amount, whole = _must(errand.amount), _must(errand.whole)
        order = RefundOrder(errand.number, errand.under or errand.number, errand.about, amount, whole, errand.order)
        return await self.once.do(errand, lambda: self._refunded(errand), lambda: self.refunder.refund(order))

    @hand("ask_for_refund")
    async def refunded(self, errand: Errand) -> Outcome:
        """The end of a refund; while there is none, whoever gives it back is unavailable."""
        outcome = await self.once.find(errand, lambda: self._refunded(errand))
        if outcome.state is State.BEGUN:
            raise Unavailable("still_processing")
        return outcome

    async def _refunded(self, errand: Errand) -> Outcome:
        return await self.refunder.refunded(errand.number, errand.under or errand.number)


class Payments(Refunds):
    """Speaks with one payment provider."""

    def __init__(self, provider: PaymentProvider, calls: CallBook, links: Links) -> None:
        super().__init__(provider, calls)
        self.provider, self.links = provider, links

    @hand("create_payment")
    async def create(self, errand: Errand) -> Outcome:
        """A bill and the link to pay it; the same bill however often."""
        amount, until = _must(errand.amount), _must(errand.until)
        bill = Bill(number=errand.key, amount=amount, subject=errand.key.split("-")[0], expires_at=until)
        try:
            link = await self.provider.create(bill)
        except Refused as refusal:
            return Outcome(state=State.REFUSED, code=refusal.code)
        await self.links.put(errand.key, link.url)
        return Outcome(state=State.DONE)

    @hand("ask_for_payment")
    async def captured(self, bill: Id) -> tuple[Telling, ...]:
        """The payment as a callback would have told it; while there is none, the provider is unavailable."""
        return (await self.provider.captured(bill),)

    @hand("close_payment")
    async def close(self, errand: Errand) -> Outcome:
        """Nobody can pay the bill any more; refused: somebody has."""
        return await self.provider.close(errand.about)


def _must(value: V | None) -> V:
    if value is None:
        raise Refused("errand_incomplete")
    return value

"""The chapters that ask when the world is silent. The way of the order never waits for them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.parcels import Parcels
from activities.payments import Payments
from models.inquiry import Asked, Inquiry
from models.matter import Matter
from models.order import Order
from models.parcel import Parcel
from models.reservation import Look
from rules import inquiries, money, payments, return_labels
from workflows.calling import Pace, asking
from workflows.chapters import payment_pace
from workflows.story import AnyStory, Overtaken

HALF_A_DAY = timedelta(hours=12)
PROOFS = 3


@dataclass(frozen=True)
class Asking:
    """How one kind of story asks."""

    put: Callable[[Any, Asked], Any]  # the question, on its way
    is_moot: Callable[[Any, Asked], bool]  # the world answered by itself


async def inquiring(story: AnyStory, how: Asking) -> None:
    """Every question as soon as the clock wants it; what comes back is heard like any telling."""
    put = dict[Asked, "asyncio.Task[None]"]()
    try:
        while True:
            await workflow.wait_condition(lambda: bool(_fresh(story, put)))
            for question in _fresh(story, put):
                put[question] = asyncio.create_task(_answered(story, question, how))
    finally:
        for task in put.values():
            task.cancel()


def _fresh(story: AnyStory, put: Mapping[Asked, object]) -> list[Asked]:
    return [question for question in inquiries.open_questions(story.matter, *Inquiry) if question not in put]


async def _answered(story: AnyStory, question: Asked, how: Asking) -> None:
    """Until it is, or there is no use in asking further."""
    try:
        await _put(story, question, how)
    except Exception as failure:  # noqa: BLE001 - a question that breaks is a hold like any failure
        if is_cancelled_exception(failure):
            return  # the run ends: whoever goes on asks again
        if not isinstance(failure, ActivityError):
            story.hold(failure)
    if not story.must_move:
        story.matter = inquiries.ended(story.matter, question, workflow.now())


async def _put(story: AnyStory, question: Asked, how: Asking) -> None:
    if how.is_moot(story.matter, question):
        return
    try:
        tellings = await story.ask(how.put(story.matter, question), lambda matter: how.is_moot(matter, question))
    except Overtaken:
        return
    for telling in tellings:
        story.hear(telling)


def _asked(order: Order, question: Asked) -> Any:
    if question.what is Inquiry.PAYMENT and not payments.is_prepaid(order):
        parcel = _parcel(order, question)
        collects = money.share_of(order, [parcel.box or ""])
        look = _look(order, parcel).model_copy(update={"collects": collects})
        return asking(Parcels.collected, look, look.courier, payment_pace(order), f"ask {look.courier} for the money")
    if question.what is Inquiry.PAYMENT:
        bill = payments.open_bill(order)
        assert bill is not None  # noqa: S101 - else the question is moot
        words = f"ask {bill.party} whether it is paid"
        left = max(inquiries.asked_until(order, bill) - workflow.now(), order.policy.ask_payment_after)
        return asking(Payments.captured, bill.about, bill.party, payment_pace(order, left), words)
    return _track(order, question)


def _track(matter: Matter, question: Asked) -> Any:
    look = _look(matter, _parcel(matter, question)).model_copy(update={"wants_proof": question.what is Inquiry.PROOF})
    words = "ask for better proof of delivery" if look.wants_proof else "ask where the parcel is"
    return asking(Parcels.look, look, look.courier, _pace(matter, question), f"{words}: {look.waybill}")


def _pace(order: Matter, question: Asked) -> Pace:
    """Proof is asked for three times; news until there are some."""
    if question.what is Inquiry.PROOF:
        every = order.policy.prove_after
        return Pace(RetryPolicy(initial_interval=every, backoff_coefficient=1.0, maximum_attempts=PROOFS))
    is_rumour = _parcel(order, question).stirred_at == question.since
    first = order.policy.ask_payment_after if is_rumour else min(order.policy.track_after, HALF_A_DAY) / 2
    return Pace(RetryPolicy(initial_interval=first, backoff_coefficient=1.5, maximum_interval=HALF_A_DAY))


def _parcel(order: Matter, question: Asked) -> Parcel:
    return next(known for known in order.parcels if known.id == question.about)


def _look(order: Matter, parcel: Parcel) -> Look:
    return Look(
        order=order.order_id,
        parcel=parcel.id,
        courier=parcel.courier or order.policy.couriers[0],
        waybill=parcel.waybill or parcel.id,
        contact_version=parcel.contact_version,
        known=tuple(fact.subject for fact in parcel.facts),
    )


OF_ORDERS = Asking(_asked, inquiries.is_moot)
OF_RETURNS = Asking(_track, return_labels.is_moot)

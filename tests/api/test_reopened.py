"""Orders that were over, and what comes late for them: by webhook and scanner, twice, and while Temporal is away."""

from collections import Counter

import pytest

from api import relay
from models.case import Role
from models.errand import State, What
from models.errors import Unavailable
from models.finding import Check
from models.stage import Stage
from rules.stages import stage_of
from store.findings import Findings
from store.policies import Policies
from tests.api.conftest import eventually
from tests.api.test_scans import a_scan, scanned
from tests.api.test_webhooks import SF, a_push
from tests.api.watching import a_street
from tests.builders import delivered
from tests.losing_orders import SOON
from tests.standing import REAL
from tests.workflows.conftest import a_line

QUICK = REAL.model_copy(update={"couriers": ("sf",), "complete_after": SOON, "ask_payment_after": SOON})
HURRIED = QUICK.model_copy(update={"pay_within": SOON})
BOOKS = (Check.MISCOUNTED, Check.OVERCLAIMED, Check.TAMPERED)


@pytest.fixture
async def street(env, db):
    async with a_street(env, db, await a_line(env)) as street:
        street.wechat.dials.set(pace=0.001, settle_after=0.0)
        yield street


@pytest.fixture
def away(monkeypatch):
    """Temporal, for the first three tellings from now on."""

    def begin():
        real, calls = relay.stories.tell, []

        async def away_at_first(*told):
            calls.append(told)
            if len(calls) <= 3:
                raise Unavailable("temporal_away")
            return await real(*told)

        monkeypatch.setattr(relay, "FIRST", 0.05)
        monkeypatch.setattr("api.stories.tell", away_at_first)

    return begin


async def placed(street, policy=QUICK):
    await Policies(street.tools.db).put("web/demo", policy, "test")
    return await street.living()


async def over(street, order_id, stage):
    """Its last record says that nothing is left to do."""

    async def record():
        known = await street.tools.orders.get(order_id)
        return known if known.is_ended else None

    known = await eventually(record, 60)
    assert stage_of(known.order) is stage
    return known.order


async def wish(street, order_id, kind="cancel"):
    answer = await street.post(f"/orders/{order_id}/wishes", json={"kind": kind})
    assert answer.is_success, answer.text


async def labelled(street):
    order_id = await placed(street)
    await street.pay_at_wechat(order_id)
    told = await street.stands_at(order_id, "labelled")
    return order_id, told["parcels"][0]


async def completed(street):
    order_id, parcel = await labelled(street)
    await scanned(street, a_scan(parcel["id"], "ship", live=False))
    await street.stands_at(order_id, "shipped")
    street.parties.couriers[0].news = [delivered(parcel["id"])]
    await street.client.post(SF, json=a_push(mailno=parcel["waybill"], id=parcel["id"]))
    return await over(street, order_id, Stage.COMPLETED)


async def refunded(street):
    order_id, _ = await labelled(street)
    await wish(street, order_id)
    return await over(street, order_id, Stage.REFUNDED)


async def cancelled(street):
    order_id = await placed(street)
    await wish(street, order_id)
    return await over(street, order_id, Stage.CANCELLED)


async def expired(street):
    return await over(street, await placed(street, HURRIED), Stage.CANCELLED)


def refunds_of(street, order):
    """By the provider's own books."""
    return [refund for refund in street.wechat.books.refunds if order.business_no in refund.out_refund_no]


async def heard_of_all(street):
    """Nothing that was told waits for a story any more."""
    waiting = await street.tools.inbox.listing("waiting", 10)
    return not waiting


async def wrong(street):
    return [(check, found) for check in BOOKS for found in await Findings(street.tools.db).look(check)]


async def test_money_that_comes_when_all_is_over_goes_back_once_from_whatever_end(street, away):
    """Also where the bill was closed: it was paid in that very moment."""
    orders = [await end(street) for end in (completed, refunded, cancelled, expired)]
    before = [len(refunds_of(street, order)) for order in orders]
    street.wechat.dials.set(duplicate_push=1.0)
    away()
    for order in orders:
        bill = street.wechat.books.bills[f"{order.business_no}-pay-1"]
        bill.is_closed, bill.expires_at = False, None
        street.wechat.pay(bill.out_trade_no)
    for order, count in zip(orders, before, strict=True):
        await eventually(lambda order=order, count=count: _has(refunds_of(street, order), count + 1), 60)
    ends = (Stage.COMPLETED, Stage.REFUNDED, Stage.REFUNDED, Stage.REFUNDED)
    after = [await over_again(street, order, stage) for order, stage in zip(orders, ends, strict=True)]
    await street.wechat.pusher.idle()
    await eventually(lambda: heard_of_all(street), 60)

    assert [len(refunds_of(street, order)) for order in orders] == [1, 2, 1, 1]
    assert [len(order.payments) for order in after] == [2, 2, 1, 1]
    assert [Counter(e.state for e in order.errands if e.what is What.REFUND) for order in after] == [
        {State.DONE: count} for count in (1, 2, 1, 1)
    ]
    assert await wrong(street) == []


async def _has(found, count):
    return len(found) >= count


async def over_again(street, order, stage):
    """With a later record than that of its first end."""

    async def record():
        known = await street.tools.orders.get(order.id)
        return known if known.is_ended and known.order.payments != order.payments else None

    known = await eventually(record, 60)
    assert stage_of(known.order) is stage
    return known.order


async def cases_of(street, order_id):
    rows = (await street.get("/cases")).json()["rows"]
    return [row for row in rows if row["case"]["story"] == order_id]


async def test_a_parcel_that_left_although_all_was_undone_is_called_back_once_and_is_home_before_it_ends(street, away):
    order = await refunded(street)
    (parcel,) = order.parcels
    away()
    for name in ("late-1", "late-1", "late-2"):
        await scanned(street, a_scan(parcel.id, "ship", id=name, live=False))
    await street.stands_at(order.id, "stopping", within=60)
    courier = street.parties.couriers[0]
    await eventually(lambda: _has(courier.done(What.INTERCEPT), 1), 30)
    for name in ("back-1", "back-2"):
        await scanned(street, a_scan(parcel.id, "received_back", id=name, live=False))
    await eventually(lambda: heard_of_all(street), 60)
    await over(street, order.id, Stage.REFUNDED)

    assert [deed.key for deed in courier.done(What.INTERCEPT)] == [parcel.id]
    assert len(refunds_of(street, order)) == 1
    assert await wrong(street) == []


async def test_a_live_scanner_of_an_order_that_is_over_is_told_to_put_it_back(street):
    order = await refunded(street)
    [answer] = await scanned(street, a_scan(order.parcels[0].id, "ship"))

    assert (answer["word"], answer["reason"]) == ("refused", "stopped_put_back")
    await over(street, order.id, Stage.REFUNDED)


async def test_a_delivered_parcel_that_is_back_in_the_house_is_a_case_until_somebody_has_looked(street, away):
    order = await completed(street)
    (parcel,) = order.parcels
    away()
    for name in ("back-1", "back-2"):
        await scanned(street, a_scan(parcel.id, "received_back", id=name, live=False))

    async def opened():
        return await cases_of(street, order.id)

    [case] = await eventually(opened, 60)
    await eventually(lambda: heard_of_all(street), 60)
    assert (case["case"]["deadline"], case["case"]["role"]) == ("returned", Role.SERVICE)
    assert not (await street.tools.orders.get(order.id)).is_ended
    answer = await street.post(f"/cases/{case['id']}/close", Role.SERVICE, json={"note": "a return"})
    assert answer.is_success, answer.text
    await over(street, order.id, Stage.COMPLETED)
    assert await cases_of(street, order.id) == []
    assert refunds_of(street, order) == []


async def test_a_track_that_comes_when_all_is_over_is_heard_and_changes_nothing(street, away):
    order = await completed(street)
    (parcel,) = order.parcels
    away()
    for name in ("late-1", "late-2"):
        await street.client.post(SF, json=a_push(mailno=parcel.waybill, id=name))

    async def heard():
        rows = await street.tools.inbox.listing("done", 100)
        return {"late-1", "late-2"} <= {name for row in rows for name in ("late-1", "late-2") if name in row.telling_id}

    await eventually(heard, 60)
    after = await over(street, order.id, Stage.COMPLETED)
    assert (after.payments, after.errands, after.cases) == (order.payments, order.errands, ())

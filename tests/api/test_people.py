"""Somebody asks to be forgotten: whatever can still be read with all our keys says nothing of them."""

import json

import pytest
from sqlalchemy import text

from models.case import Role
from models.errors import Missing
from models.stage import Stage
from store.audit import Audit
from store.seals import Wrapped
from tests.api.conftest import eventually, relaying
from tests.api.test_canary import DOOR, MOVED_DOOR, MOVED_NAME, MOVED_PHONE, NAME, NOTE, PHONE, everything_in, receiver
from tests.api.test_webhooks import SF, a_push
from tests.store.makings import a_contact

SAID, CALLED, LATE = "卡纳瑞本人签收", "called the canary", "卡纳瑞的邻居"
PERSONAL = (NAME, PHONE, DOOR, NOTE, MOVED_NAME, MOVED_PHONE, MOVED_DOOR, SAID, CALLED, LATE)
SEALED = {
    "raws": text("SELECT sealed, wrapped, master, 'raw' AS purpose FROM raws"),
    "contacts": text("""
        SELECT sealed, wrapped, master, 'contact/' || order_id AS purpose
        FROM contacts JOIN contact_keys USING (order_id)
    """),
    "notes": text("""
        SELECT sealed, wrapped, master, 'note/' || id AS purpose FROM notes JOIN contact_keys USING (order_id)
    """),
}


async def readable(tools):
    """All that is in the store, and all that our keys open."""
    opened = [await everything_in(tools.db)]
    async with tools.db.begin() as conn:
        for statement in SEALED.values():
            for row in (await conn.execute(statement)).all():
                if row.wrapped is not None:
                    key = tools.contacts.master.unwrap(Wrapped(row.wrapped, row.master))
                    opened.append(key.open(row.sealed, row.purpose).decode())
    return "\n".join(opened)


def told_by(words):
    return [one for one in PERSONAL if any(s in words for s in (one, json.dumps(one)[1:-1], one.encode().hex()))]


async def push(lively, parcel, id, remark):
    await lively.client.post(SF, json=a_push(mailno=parcel["waybill"], id=id, remark=remark))

    async def heard():
        return [row for row in await lively.tools.inbox.listing("done", 50) if id in row.telling_id]

    await eventually(heard, 30)


async def lived(lively):
    """An order that somebody moved, about whom a courier spoke, and for whom the desk made a note; it was cancelled."""
    order_id = await lively.living("labelled", receiver=receiver(NAME, PHONE, DOOR), note=NOTE)
    moved = {"kind": "change_address", "receiver": receiver(MOVED_NAME, MOVED_PHONE, MOVED_DOOR)}
    assert (await lively.post(f"/orders/{order_id}/wishes", json=moved)).is_success
    told = await lively.until(order_id, lambda told: told["stage"] == "labelled" and len(told["parcels"]) == 2)
    await push(lively, told["parcels"][-1], "before", SAID)
    await lively.tools.contacts.add_note(order_id, CALLED)
    return order_id, told["parcels"][-1]


async def over(lively, order_id):
    assert (await lively.post(f"/orders/{order_id}/wishes", json={"kind": "cancel"})).is_success

    async def ended():
        record = await lively.tools.orders.get(order_id)
        return record if record.is_ended else None

    return await eventually(ended, 30)


async def test_of_a_person_who_is_forgotten_nothing_can_be_read_again_and_the_order_remains(lively):
    async with relaying(lively.tools):
        order_id, parcel = await lived(lively)
        other = await lively.living()
        early = await lively.post(f"/orders/{order_id}/forget")
        before = await over(lively, order_id)

        assert (early.status_code, early.json()["code"]) == (409, "still_under_way")
        assert set(told_by(await readable(lively.tools))) == {*PERSONAL} - {LATE}

        answers = [await lively.post(f"/orders/{order_id}/forget") for _ in range(2)]
        assert [answer.json() for answer in answers] == [{"forgotten": [order_id], "under_way": []}] * 2
        assert told_by(await readable(lively.tools)) == []

        await push(lively, parcel, "after", LATE)  # a courier that did not forget
        after = await over_again(lively, order_id, before)

    assert told_by(await readable(lively.tools)) == []
    history = await lively.tools.temporal.get_workflow_handle(f"order/{order_id}").fetch_history()
    assert told_by(history.to_json()) == []
    assert (after.payments, after.errands) == (before.order.payments, before.order.errands)
    told = (await lively.get(f"/orders/{order_id}")).json()
    assert (told["receiver"], told["stage"]) == ({}, Stage.REFUNDED)
    deeds = await Audit(lively.tools.db).about(order_id)
    forgot = [(deed.who, deed.role) for deed in deeds if deed.what == "forget"]
    assert forgot == [("admin-1", Role.ADMIN)]
    assert (await lively.get(f"/orders/{other}")).json()["receiver"]["phone"]


async def over_again(lively, order_id, before):
    async def ended():
        record = await lively.tools.orders.get(order_id)
        return record.order if record.is_ended and record.order.version > before.order.version else None

    return await eventually(ended, 30)


async def test_a_phone_is_forgotten_in_every_order_that_is_over_and_the_others_are_named(door):
    over, under_way, _ = [await door.keep(is_ended=is_ended) for is_ended in (True, False, True)]
    for order in (over, under_way):
        await door.tools.contacts.add(order.id, a_contact(phone=PHONE))

    answers = [(await door.post("/forget", json={"phone": f"+86 {PHONE}"})).json() for _ in range(2)]

    assert answers == [
        {"forgotten": [over.id], "under_way": [under_way.id]},
        {"forgotten": [], "under_way": [under_way.id]},
    ]
    with pytest.raises(Missing, match="forgotten"):
        await door.tools.contacts.get(over.id, 1)
    assert (await door.tools.contacts.get(under_way.id, 2)).phone == PHONE


async def test_an_order_that_has_not_told_of_itself_is_under_way_and_nobody_forgets_what_is_not_there(door):
    placed = (await door.place()).json()["order"]

    answers = [await door.post(f"/orders/{order}/forget") for order in (placed, "web/demo/NOWHERE")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "still_under_way"),
        (404, "order_unknown"),
    ]

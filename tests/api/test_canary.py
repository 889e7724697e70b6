"""What is personal goes through the door, and is found nowhere but sealed."""

import json
import logging

from sqlalchemy import text

from models.case import Role
from tests.api.conftest import an_order_paper
from tests.store.makings import a_contact

NAME, PHONE, DOOR, NOTE = "卡纳瑞", "13912345678", "金丝雀路 77 号", "请放在鸟笼旁边"
MOVED_NAME, MOVED_PHONE, MOVED_DOOR = "新卡纳瑞", "13987654321", "新金丝雀路 88 号"
CANARIES = (NAME, PHONE, DOOR, NOTE, MOVED_PHONE, MOVED_DOOR, "139 1234 5678")
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


async def everything_in(db):
    async with db.begin() as conn:
        tables = (await conn.execute(TABLES)).scalars().all()
        rows = [await conn.execute(text(f'SELECT t::text FROM "{table}" AS t')) for table in tables]  # noqa: S608 - ours
        return "\n".join(row for found in rows for row in found.scalars())


def found_in(words):
    """A canary in plain text, in JSON's spelling, or in the hex of a column of bytes."""
    spelt = [(one, json.dumps(one)[1:-1], one.encode().hex()) for one in CANARIES]
    return [one for one, *others in spelt if any(spelling in words for spelling in (one, *others))]


def test_a_canary_is_found_however_it_is_spelt():
    assert found_in(f"… {NAME} …{json.dumps(DOOR)}… {NOTE.encode().hex()}") == [NAME, DOOR, NOTE]


def receiver(name, phone, address):
    return a_contact(name=name, phone=phone, address=address).model_dump()


async def test_what_is_personal_is_in_no_plain_column_no_log_no_history_and_no_error(lively, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "markdown_it")
    order_id = await lively.living(receiver=receiver(NAME, PHONE, DOOR), note=NOTE)
    wishes = f"/orders/{order_id}/wishes"
    moved = {"kind": "change_address", "receiver": receiver(MOVED_NAME, MOVED_PHONE, MOVED_DOOR)}
    spoilt = {"kind": "change_address", "receiver": moved["receiver"] | {"district_code": NAME, "phone": DOOR, NOTE: 1}}
    errors = [
        await lively.post(wishes, json=spoilt),
        await lively.post(wishes, json={"kind": NAME, PHONE: DOOR}),
        await lively.place(an_order_paper(number=PHONE + NAME, receiver=receiver(NAME, PHONE, DOOR) | {NOTE: DOOR})),
        await lively.place(number=order_id.rpartition("/")[2], receiver=receiver(MOVED_NAME, MOVED_PHONE, MOVED_DOOR)),
        await lively.post("/scans", Role.WAREHOUSE, json={"scans": [{"id": PHONE + NAME, "code": DOOR, NAME: NOTE}]}),
        await lively.post(f"/orders/{order_id}/facts", json={"kind": "parcel_picked", "body": {"parcel": DOOR}}),
        await lively.get("/orders", params={"q": "139 1234 5678", "stage": NAME}),
        await lively.get(f"/orders/web/demo/{NAME}"),
        await lively.get(f"/{DOOR}"),
        await lively.client.post("/login", data={"key": PHONE + NAME}),
    ]

    assert (await lively.post(wishes, json=moved)).status_code == 200
    shown = await lively.until(order_id, lambda told: told["receiver"].get("phone") == MOVED_PHONE)
    assert shown["receiver"]["address"] == MOVED_DOOR
    history = await lively.tools.temporal.get_workflow_handle(f"order/{order_id}").fetch_history()
    assert [answer.status_code for answer in errors] == [422, 422, 422, 409, 200, 422, 422, 422, 404, 401]
    assert found_in("\n".join(answer.text for answer in errors)) == []
    assert found_in(history.to_json()) == []
    assert found_in(await everything_in(lively.tools.db)) == []
    assert found_in("\n".join(str(vars(record)) for record in caplog.records if record.name.startswith(OURS))) == []
    assert found_in(lively.tools.figures.text().decode()) == []


OURS = ("api", "store", "connectors", "activities", "workflows", "temporalio", "sqlalchemy", "uvicorn", "orderhub")

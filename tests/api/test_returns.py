"""Returns at the door, with a real store, a real Temporal and a provider that gives money back."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from api import stories
from api.records import known_of, last_of
from connectors.ports import Addressed
from models.case import Role
from models.errand import What
from models.policy import Policy
from store.policies import Policies
from store.stock import Shelves
from tests.api.conftest import OTHER_SHOP, PEN, eventually, relaying
from tests.api.test_pages import sign_in
from tests.builders import NOON, a_telling, delivered, shipped
from tests.others import now, refuses
from tests.store.shots import JPEG
from world.shop_wire import Pen

FREE = {"kind": "refund_only", "why": "short", "claims": [{"line": 0, "quantity": 1}]}
SCANNED = "2026-11-11T12:00:00+08:00"


@pytest.fixture
async def lively(lively):
    """With somebody who carries what stories tell one another."""
    async with relaying(lively.tools):
        yield lively


async def bought(door, at=NOON, then="delivered"):
    """An order that its customer has, by a proof that counts."""
    order = await door.living("labelled")
    parcel = (await door.get(f"/orders/{order}")).json()["parcels"][0]["id"]
    for telling in (shipped(parcel, at=at), delivered(parcel, at=at)):
        await stories.tell(door.tools.temporal, order, telling, last_of(door.tools, order))
    await door.until(order, lambda told: told["stage"] == then)
    return order


async def asked(door, order, role=Role.SERVICE, headers=None, **fields):
    return await door.post("/returns", role, json=FREE | {"order": order} | fields, headers=headers or {})


async def stands(door, number, stage, within=15):
    async def told():
        words = (await door.get(f"/returns/{number}")).json()
        return words if words["stage"] == stage else None

    async with asyncio.timeout(within):
        while not (found := await told()):
            await asyncio.sleep(0.05)
    return found


async def decided(door, number, role, **fields):
    words = {"kind": "decide", "is_agreed": True, "word": "approve_return"} | fields
    return await door.post(f"/returns/{number}/wishes", role, json=words)


async def test_asked_agreed_let_go_by_finance_and_given_back_once(lively):
    order = await bought(lively)
    answer = await asked(lively, order)
    assert answer.status_code == 201, answer.text
    number = answer.json()["id"]

    early = await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    assert (early.status_code, early.json()["code"]) == (409, "not_due")
    assert (await decided(lively, number, Role.OPS)).status_code == 200
    await stands(lively, number, "due")
    listed = await lively.get("/finance/refunds", Role.FINANCE)
    assert listed.status_code == 200, listed.text
    due = listed.json()["rows"]
    assert [(row["id"], row["amount"]["minor"]) for row in due] == [(number, answer.json()["amount"]["minor"])]

    gone = await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    assert (gone.status_code, gone.json()["stage"]) == (200, "triggered")
    told = await stands(lively, number, "refunded")
    given = lively.parties.providers[0].done(What.REFUND)
    assert [(deed.key, deed.amount.minor) for deed in given] == [(f"{number}-refund-1", due[0]["amount"]["minor"])]
    assert sum(share["amount"]["minor"] for share in told["shares"]) == given[0].amount.minor
    assert [entry["what"] for entry in told["timeline"]][:2] == ["asked", "decide"]


async def test_fifty_who_ask_for_the_same_unit_at_once_get_it_and_its_money_once(lively):
    order = await bought(lively)
    known = (await lively.get(f"/orders/{order}")).json()
    units, paid = known["lines"][0]["quantity"], known["total"]["minor"]
    answers = await asyncio.gather(*(asked(lively, order, headers={"idempotency-key": f"k{n}"}) for n in range(50)))

    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (units, 50 - units)
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"more_than_bought"}
    numbers = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    for number in numbers:
        await decided(lively, number, Role.OPS, word="approve_refund")
    every = {"deed": "trigger", "returns": numbers}
    await asyncio.gather(*(lively.post("/finance/refunds/many", Role.FINANCE, json=every) for _ in range(3)))
    for number in numbers:
        await stands(lively, number, "refunded")
    back = lively.parties.providers[0].done(What.REFUND)
    assert len(known["lines"]) == 1
    assert (len(back), sum(deed.amount.minor for deed in back)) == (units, paid)


async def test_the_same_key_is_the_same_return_and_another_wish_under_it_is_refused(lively):
    order = await bought(lively)
    key = {"idempotency-key": "one"}
    first, again = [await asked(lively, order, headers=key) for _ in range(2)]
    other = await asked(lively, order, headers=key, why="defective")

    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["code"]) == (409, "asked_otherwise")


async def test_what_was_withdrawn_may_be_asked_back_again(lively):
    order = await bought(lively)
    units = (await lively.get(f"/orders/{order}")).json()["lines"][0]["quantity"]
    every = [{"line": 0, "quantity": units}]
    number = (await asked(lively, order, claims=every)).json()["id"]
    assert (await asked(lively, order)).status_code == 409
    answer = await lively.post(f"/returns/{number}/wishes", Role.SERVICE, json={"kind": "withdraw"})
    assert answer.json()["stage"] == "withdrawn"
    await stands(lively, number, "withdrawn")

    again = await asked(lively, order, claims=every)
    assert (again.status_code, again.json()["id"]) == (201, number.replace("-R1", "-R2"))


async def test_a_picture_is_all_that_a_small_return_waits_for_and_its_label_follows_with_nobody_asked(lively):
    order = await bought(lively)
    small, unwell = [
        (await asked(lively, order, kind="return", why=why)).json()["id"] for why in ("defective", "unwell")
    ]
    for number in (small, unwell):
        told = (await lively.get(f"/returns/{number}")).json()
        assert (told["stage"], told["decisions"]) == ("asked", [])
    for number in (small, small, unwell):
        assert (await lively.post(f"/returns/{number}/pictures", Role.SERVICE, content=JPEG)).status_code == 201

    told = await stands(lively, number := small, "approved")
    assert [(made["by"], made["word"]) for made in told["decisions"]] == [("clock", "approve_return")]
    await eventually(lambda: labels(lively, number))
    assert (await lively.post(f"/returns/{small}/pictures", Role.SERVICE, content=JPEG + b"2")).status_code == 201
    told = (await lively.get(f"/returns/{small}")).json()
    assert [entry["what"] for entry in told["timeline"]].count("decide") == 1
    assert (await lively.get(f"/returns/{unwell}")).json()["stage"] == "asked"
    said = {"kind": "goods_shown", "at": SCANNED, "body": {"picture": "p1"}}
    assert (await lively.post(f"/returns/{unwell}/facts", Role.SERVICE, json=said)).status_code == 422


async def labels(door, number):
    return [one for one in (await door.get(f"/returns/{number}")).json()["parcels"] if one["waybill"]]


async def test_goods_come_back_are_graded_and_only_then_paid_for(lively):
    order = await bought(lively)
    number = (await asked(lively, order, kind="return", why="defective")).json()["id"]
    await decided(lively, number, Role.OPS)
    await stands(lively, number, "approved")

    async with relaying(lively.tools):
        for kind, role, body, stage in (
            ("goods_sent_back", Role.SERVICE, {"courier": "sf", "waybill": "SF1"}, "sent_back"),
            ("goods_arrived", Role.WAREHOUSE, {"place": "east"}, "arrived"),
            (
                "goods_inspected",
                Role.WAREHOUSE,
                {"place": "east", "graded": [{"line": 0, "quantity": 1, "grade": "as_new"}]},
                "due",
            ),
        ):
            said = {"kind": kind, "at": SCANNED, "body": body}
            answer = await lively.post(f"/returns/{number}/facts", role, json=said)
            assert answer.status_code == 202, answer.text
            await stands(lively, number, stage)
    await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    await stands(lively, number, "refunded")


async def test_goods_that_are_not_accepted_are_sent_home_and_the_customers_view_says_with_whom(lively):
    order = await bought(lively)
    number = (await asked(lively, order, kind="return", why="defective")).json()["id"]
    facts, wishes = f"/returns/{number}/facts", f"/returns/{number}/wishes"
    judged = {"kind": "judge_goods", "is_passed": False, "word": "refuse_goods"}
    await decided(lively, number, Role.OPS)
    early = await lively.post(wishes, Role.SERVICE, json=judged)
    assert (early.status_code, early.json()["code"]) == (409, "not_to_judge")
    body = {"place": "east", "graded": [{"line": 0, "quantity": 1, "grade": "another"}]}
    await lively.post(facts, Role.WAREHOUSE, json={"kind": "goods_inspected", "at": SCANNED, "body": body})
    await stands(lively, number, "due")
    assert (await lively.post(wishes, Role.OPS, json=judged)).json()["stage"] == "refused"
    waits = await stands(lively, number, "refused")
    assert (waits["waits_for"], waits["sent_home"]) == ("not_sent_home", None)

    home = {"kind": "goods_sent_home", "at": SCANNED, "body": {"courier": "sf", "waybill": "SF9"}}
    wrong = await lively.post(facts, Role.WAREHOUSE, json=home | {"body": {"courier": "sf"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/body/waybill")
    assert (await lively.post(facts, Role.SERVICE, json=home)).status_code == 403
    for _ in range(2):
        answer = await lively.post(facts, Role.WAREHOUSE, json=home, headers={"idempotency-key": "h1"})
        assert answer.status_code == 202, answer.text
    told = await stands(lively, number, "sent_home")
    assert [told["sent_home"][name] for name in ("courier", "waybill")] == ["sf", "SF9"]
    assert [entry["what"] for entry in told["timeline"]].count("goods_sent_home") == 1
    theirs = (await lively.get(f"/returns/{number}", Role.SHOP)).json()
    assert (theirs["stage"], theirs["sent_home"]) == ("sent_home", told["sent_home"])
    again = await lively.post(wishes, Role.OPS, json=judged)
    assert (again.status_code, again.json()["code"]) in [(409, "over"), (409, "ended")]


async def test_another_fact_under_the_same_key_is_refused_and_the_same_one_is_told_once(lively):
    number = (await asked(lively, await bought(lively), kind="return", why="defective")).json()["id"]
    graded = [[{"line": 0, "quantity": 1, "grade": grade}] for grade in ("as_new", "worn")]
    said = [{"kind": "goods_inspected", "at": SCANNED, "body": {"place": "east", "graded": one}} for one in graded]
    answers = [
        await lively.post(f"/returns/{number}/facts", role, json=one, headers={"idempotency-key": "k1"})
        for role, one in (
            (Role.WAREHOUSE, said[0]),
            (Role.WAREHOUSE, said[0]),
            (Role.WAREHOUSE, said[1]),
            (Role.OPS, said[0]),
        )
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 409, 409]
    assert {answer.json()["code"] for answer in answers[2:]} == {"other_fact"}


async def test_why_finance_refuses_is_said_in_words_that_everybody_can_read(lively):
    number = (await asked(lively, await bought(lively))).json()["id"]
    await decided(lively, number, Role.OPS, word="approve_refund")
    await stands(lively, number, "due")
    wishes, refuse = f"/returns/{number}/wishes", {"kind": "refuse_refund"}
    for word in ("because", "approve_refund", "ask_pictures"):
        answer = await lively.post(wishes, Role.FINANCE, json=refuse | {"word": word})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/word")
    noted = {"kind": "decide", "is_agreed": True, "word": "approve_refund", "note_id": "note-of-somebody-else"}
    assert (await lively.post(wishes, Role.OPS, json=noted)).json()["errors"][0]["pointer"] == "#/note_id"
    held = await lively.post(f"/finance/refunds/{number}/hold", Role.FINANCE, json={"word": "amount_wrong"})
    freed = await lively.post(f"/finance/refunds/{number}/release", Role.FINANCE, json={})
    gone = await lively.post(wishes, Role.FINANCE, json=refuse | {"word": "not_owed"})
    assert [answer.status_code for answer in (held, freed, gone)] == [200, 200, 200]

    timeline = (await stands(lively, number, "refused"))["timeline"]
    said = {entry["what"]: (entry["word"], entry["said"]["zh"]) for entry in timeline if entry["word"]}
    assert said["hold"] == ("amount_wrong", "金额有误")
    assert said["refuse_refund"] == ("not_owed", "不属于应退款项")
    assert said["decide"] == ("approve_refund", "您的退款申请已通过，无需寄回商品。")


async def test_what_is_paid_for_or_does_not_come_back_is_not_sent_home(lively):
    number = (await asked(lively, await bought(lively))).json()["id"]
    home = {"kind": "goods_sent_home", "at": SCANNED, "body": {"courier": "sf", "waybill": "SF9"}}
    answer = await lively.post(f"/returns/{number}/facts", Role.WAREHOUSE, json=home)

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_comes_back")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_return_of_which_too_much_was_told_takes_no_more_of_it(lively, monkeypatch):
    """Beyond what Temporal carries at once it could not be reckoned, or go on in a new run: it would stand for ever."""
    number = (await asked(lively, await bought(lively), kind="return", why="defective")).json()["id"]
    said = {"kind": "goods_arrived", "at": SCANNED, "body": {"place": "east"}}
    assert (await lively.post(f"/returns/{number}/facts", Role.WAREHOUSE, json=said)).status_code == 202
    monkeypatch.setattr("api.returns.FULL", 500)
    answer = await lively.post(f"/returns/{number}/facts", Role.WAREHOUSE, json=said)

    assert (answer.status_code, answer.json()["code"]) == (409, "told_too_much")


async def test_goods_come_back_under_a_label_of_ours_and_its_couriers_word_finds_the_return_by_the_waybill(lively):
    order = await bought(lively)
    number = (await asked(lively, order, kind="return", why="defective")).json()["id"]
    await decided(lively, number, Role.OPS)

    async def label():
        return next(iter((await lively.get(f"/returns/{number}")).json()["parcels"]), None)

    known = await eventually(label)
    assert (known["id"], known["is_label_of_ours"], known["milestone"]) == (f"{number}-label-1", True, None)
    body = {"waybill": known["waybill"], "milestone": "in_transit"}
    said = Addressed("waybill", known["waybill"], a_telling("parcel_tracked", "courier", "t1", **body))
    await lively.tools.inbox.keep("sf", "sf", b"raw", [said])
    await stands(lively, number, "sent_back")

    told = (await lively.get(f"/returns/{number}")).json()
    assert [parcel["milestone"] for parcel in told["parcels"]] == ["in_transit"]
    assert (await lively.get(f"/orders/{order}")).json()["stage"] == "delivered"
    await sign_in(lively, Role.SERVICE)
    page = (await lively.client.get(f"/board/returns/{number}")).text
    assert page.count(known["waybill"]) >= 2


async def test_a_shop_neither_sees_nor_asks_back_what_is_anothers(lively):
    order = await bought(lively)
    number = (await asked(lively, order)).json()["id"]
    other = {"authorization": f"Bearer {OTHER_SHOP}"}

    assert (await lively.get(f"/returns/{number}", Role.SHOP)).status_code == 200
    assert (await lively.get(f"/returns/{number}", None, headers=other)).status_code == 404
    assert (await lively.post("/returns", None, json=FREE | {"order": order}, headers=other)).status_code == 404
    assert (await lively.get("/returns", None, headers=other)).json()["rows"] == []


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "swap"}, "#/kind"),
        ({"instead": [{"line": 0, "sku": "cup"}]}, "#/instead"),
        ({"kind": "exchange", "instead": [{"line": 1, "sku": "cup"}]}, "#/instead"),
        ({"claims": []}, "#/claims"),
        ({"sum": {"minor": 1}}, "#/sum"),
        ({"kind": "compensation", "claims": []}, "#/sum"),
        ({"why": "because"}, "#/why"),
    ],
)
async def test_what_cannot_be_asked_is_refused_field_by_field(door, fields, pointer):
    answer = await asked(door, "web/demo/N1", **fields)

    assert (answer.status_code, [fault["pointer"] for fault in answer.json()["errors"]]) == (422, [pointer])


async def test_nothing_is_asked_back_of_an_order_that_nobody_knows(door):
    answer = await asked(door, "web/demo/NOBODY")

    assert (answer.status_code, answer.json()["code"]) == (404, "order_unknown")


async def test_a_return_that_is_asked_for_while_temporal_is_away_is_begun_by_the_relay(lively, monkeypatch):
    order = await bought(lively)
    monkeypatch.setattr("api.returns.begin", nobody)
    number = (await asked(lively, order)).json()["id"]
    async with lively.tools.db.begin() as conn:
        await conn.execute(text("UPDATE returns SET relay_at = now()"))
    assert (await decided(lively, number, Role.OPS)).status_code == 404

    async with relaying(lively.tools):
        await eventually(lambda: agreed(lively, number))
    await stands(lively, number, "due")


async def test_a_return_whose_story_is_gone_goes_on_from_its_record_and_its_money_goes_once(lively):
    number = (await asked(lively, await bought(lively))).json()["id"]
    await decided(lively, number, Role.OPS)
    await stands(lively, number, "due")
    await lively.tools.temporal.get_workflow_handle(stories.story_of(number)).terminate()

    client = lively.tools.temporal
    assert await lively.tools.returns.open() == (number,)
    assert await stories.revive(client, await last_of(lively.tools, number)())
    assert not await stories.revive(client, await last_of(lively.tools, number)())
    await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    await stands(lively, number, "refunded")
    assert [deed.key for deed in lively.parties.providers[0].done(What.REFUND)] == [f"{number}-refund-1"]
    assert await lively.tools.returns.open() == ()


async def test_a_return_that_is_stuck_is_not_closed_but_moved_and_its_case_goes_with_it(lively):
    number = (await asked(lively, await bought(lively))).json()["id"]
    await decided(lively, number, Role.OPS)
    await stands(lively, number, "due")
    lively.parties.providers[0].moods[What.REFUND] = refuses
    await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})

    async def cases():
        rows = (await lively.get("/cases", Role.FINANCE)).json()["rows"]
        return [row["id"] for row in rows if row["case"]["story"] == number]

    [case] = await eventually(cases)
    answer = await lively.post(f"/cases/{case}/close", Role.FINANCE, json={"note": "called the bank"})
    assert (answer.status_code, answer.json()["code"]) == (409, "stuck_retry_or_give_up")
    given_up = await lively.post(f"/returns/{number}/wishes", Role.FINANCE, json={"kind": "give_up"})
    assert given_up.json()["stage"] == "by_hand"

    async def by_hand():
        return [known for known in await cases() if known != case]

    [left] = await eventually(by_hand)
    own = await lively.post(f"/cases/{left}/close", Role.FINANCE, json={"note": "sent by bank"})
    assert (own.status_code, own.json()["code"]) == (409, "second_pair_of_eyes")
    closed = await lively.post(f"/cases/{left}/close", Role.ADMIN, json={"note": "sent by bank"})
    assert closed.status_code == 204, closed.text
    async with asyncio.timeout(10):
        while await lively.tools.returns.open():
            await asyncio.sleep(0.05)


async def test_a_note_about_an_order_that_nobody_knows_yet_bars_nobody(lively):
    number = await lively.number()
    early = await asked(lively, f"web/demo/{number}", note="它破损了")

    assert early.status_code == 404
    assert (await lively.with_terms(link_within=10).place(number=number)).status_code == 201


async def test_two_wishes_under_one_key_are_two_and_one_wish_twice_is_one(lively):
    number = (await asked(lively, await bought(lively))).json()["id"]
    key = {"idempotency-key": "k"}
    yes = {"kind": "decide", "is_agreed": True, "word": "approve_return"}
    path = f"/returns/{number}/wishes"
    first = await lively.post(path, Role.OPS, json=yes, headers=key)
    again = await lively.post(path, Role.OPS, json=yes, headers=key)
    no = {"is_agreed": False, "word": "refuse_used"}
    other = await lively.post(path, Role.OPS, json=yes | no, headers=key)
    unworded = await lively.post(path, Role.OPS, json=yes | {"is_agreed": False})

    assert (first.status_code, again.status_code) == (200, 200)
    assert (other.status_code, other.json()["code"]) == (409, "already_decided")
    assert (unworded.status_code, unworded.json()["errors"][0]["pointer"]) == (422, "#/word")
    assert len((await stands(lively, number, "due"))["decisions"]) == 1


async def nobody(tools, made):
    """Temporal is away just now."""


async def agreed(door, number):
    return (await decided(door, number, Role.OPS)).status_code == 200


async def test_what_is_refunded_before_it_left_is_not_sent_and_the_order_ends_refunded(lively):
    order = await lively.living("labelled")
    line = (await lively.get(f"/orders/{order}")).json()["lines"][0]
    every = [{"line": 0, "quantity": line["quantity"]}]
    number = (await asked(lively, order, why="no_reason", claims=every)).json()["id"]
    await lively.until(order, lambda _: True)
    await eventually(lambda: knows(lively, order, "open"))
    if (await lively.get(f"/returns/{number}")).json()["stage"] == "asked":
        await decided(lively, number, Role.OPS)
    await stands(lively, number, "due")
    await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    await stands(lively, number, "refunded")

    await lively.until(order, lambda told: told["stage"] == "refunded")
    given = [(deed.key, deed.amount.minor) for deed in lively.parties.providers[0].done(What.REFUND)]
    freight = (f"{number.partition('-')[0]}-refund-1", 100)  # which is nobody's doing: the order gives it back itself
    assert given == [(f"{number}-refund-1", 19800), freight]
    assert len(lively.parties.couriers[0].done(What.VOID)) == 1
    await eventually(lambda: balanced(lively))


async def test_an_order_that_was_over_hears_of_a_return_and_ends_partly_refunded(lively):
    soon = Policy(complete_after=timedelta(seconds=1), couriers=("sf",))
    await Policies(lively.tools.db).put("web/demo", soon, "test")
    order = await bought(lively, then="completed")
    await eventually(lambda: is_over(lively, order))
    number = (await asked(lively, order)).json()["id"]
    await decided(lively, number, Role.OPS)
    await stands(lively, number, "due")
    await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    await stands(lively, number, "refunded")

    await lively.until(order, lambda told: told["stage"] == "partly_refunded")
    assert await eventually(lambda: is_over(lively, order))
    assert [deed.key for deed in lively.parties.providers[0].done(What.REFUND)] == [f"{number}-refund-1"]


async def is_over(door, order):
    return (await door.tools.orders.get(order)).is_ended


async def test_an_order_that_is_cancelled_after_a_return_took_its_part_gives_back_the_rest(lively):
    order = await lively.living("labelled")
    number = (await asked(lively, order, kind="compensation", claims=[], sum={"minor": 900})).json()["id"]
    await decided(lively, number, Role.OPS)
    await stands(lively, number, "due")
    await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    await stands(lively, number, "refunded")
    await lively.post(f"/orders/{order}/wishes", Role.SERVICE, json={"kind": "cancel"})

    await lively.until(order, lambda told: told["stage"] == "refunded")
    given = [deed.amount.minor for deed in lively.parties.providers[0].done(What.REFUND)]
    assert sorted(given) == [900, 19000]


async def knows(door, order, standing):
    record = await door.tools.orders.get(order)
    return [told.standing for told in record.order.returns] == [standing]


async def balanced(door):
    """Nothing of that order is kept for anybody any more, and all books agree."""
    shelves = Shelves(door.tools.db)
    kept = [level for level in await shelves.levels() if level.reserved]
    return not kept and not await shelves.audit()


async def signed(door, path, words, pen=PEN):
    body = json.dumps(words).encode()
    return await door.client.post(path, content=body, headers=pen.headers(f"POST {path}", body))


async def test_a_shop_signs_what_its_customers_ask_back(lively):
    order = await bought(lively)
    asked_for = await signed(lively, "/returns", FREE | {"order": order})
    assert asked_for.status_code == 201, asked_for.text
    path = f"/returns/{asked_for.json()['id']}/wishes"
    guesses = [
        await signed(lively, "/returns", FREE | {"order": order}, Pen(PEN.key, "a guess")),
        await signed(lively, path, {"kind": "withdraw"}, Pen(PEN.key, "a guess")),
        await signed(lively, "/returns", FREE | {"order": "web/other/N1"}),
        await signed(lively, "/returns/0000000000000000-R1/wishes", {"kind": "withdraw"}),
        await signed(lively, "/returns", FREE),
    ]

    assert [answer.status_code for answer in guesses] == [401] * 5
    assert (await signed(lively, path, {"kind": "trigger"})).json()["code"] == "not_yours"
    assert (await signed(lively, path, {"kind": "withdraw"})).json()["stage"] == "withdrawn"


async def test_of_people_who_decide_and_let_go_at_once_one_is_heard_and_the_money_goes_once(lively):
    number = (await asked(lively, await bought(lively))).json()["id"]
    answers = await asyncio.gather(*(decided(lively, number, role) for role in (Role.OPS, Role.ADMIN, Role.OPS)))
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 200} == {"already_decided"}

    await stands(lively, number, "due")
    letting = (lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={}) for _ in range(5))
    withdrawing = lively.post(f"/returns/{number}/wishes", Role.SERVICE, json={"kind": "withdraw"})
    *let_go, withdrawn = [answer.status_code for answer in await asyncio.gather(*letting, withdrawing)]
    assert [*let_go, withdrawn].count(200) == 1
    await stands(lively, number, "withdrawn" if withdrawn == 200 else "refunded")
    assert len(lively.parties.providers[0].done(What.REFUND)) == let_go.count(200)


async def test_whoever_comes_a_moment_too_late_is_told_that_it_is_over(lively):
    number = (await asked(lively, await bought(lively))).json()["id"]
    answers = await asyncio.gather(
        *(lively.post(f"/returns/{number}/wishes", Role.SERVICE, json={"kind": "withdraw"}) for _ in range(8))
    )

    late = [(answer.status_code, answer.json()["code"]) for answer in answers if answer.status_code != 200]
    assert len(late) == 7
    assert {*late} <= {(409, "over"), (409, "ended")}


async def test_the_right_thing_is_sent_for_a_wrong_one_with_no_click_and_its_order_lives_beside_the_first(lively):
    """Three days after it left nobody is asked, and no unit is given twice."""
    order = await bought(lively, now())
    fresh = {"why": "wrong_item", "kind": "reship"}
    number = (await asked(lively, order, **fresh)).json()["id"]
    told = await stands(lively, number, "replaced")
    made = told["replaced_by"]

    assert made == f"{order}-X1"
    async with lively.tools.db.begin() as conn:  # a while later, so that nobody waits for it here
        await conn.execute(text("UPDATE claims SET claimed_at = claimed_at - interval '1 minute'"))
    assert (told["decisions"], told["amount"]["minor"], told["refunds"]) == ([], 0, [])
    new = await lively.until(made, lambda words: words.get("stage") == "labelled", within=25)
    assert new["replaces"] == {"return_id": number, "order": order}
    assert (new["total"]["minor"], new["payments"], new["pay_url"]) == (0, [], None)
    assert [line["sku"] for line in new["lines"]] == [(await lively.get(f"/orders/{order}")).json()["lines"][0]["sku"]]
    first = await known_of(lively.tools, order)
    assert [(told.ends_in, told.standing) for told in first.record.order.returns] == [("reship", "done")]

    case = next(row for row in (await lively.get("/cases")).json()["rows"] if row["case"]["deadline"] == "swapped")
    assert case["case"]["story"] == number
    again = await asked(lively, made, kind="return", why="defective")
    assert (again.status_code, again.json()["stage"]) == (201, "refused")


async def test_other_goods_leave_when_the_old_ones_pass_or_a_person_says_so(lively):
    order = await bought(lively, now())
    other = {"kind": "exchange", "why": "wrong_size", "instead": [{"line": 0, "sku": "cup"}]}
    number = (await asked(lively, order, **other)).json()["id"]
    await decided(lively, number, Role.OPS)
    body = {"place": "east", "graded": [{"line": 0, "quantity": 1, "grade": "worn"}]}
    said = {"kind": "goods_inspected", "at": SCANNED, "body": body}
    assert (await lively.post(f"/returns/{number}/facts", Role.WAREHOUSE, json=said)).status_code == 202
    await stands(lively, number, "arrived")
    judged = {"kind": "judge_goods", "is_passed": True, "word": "approve_goods"}
    assert (await lively.post(f"/returns/{number}/wishes", Role.WAREHOUSE, json=judged)).status_code == 403
    answer = await lively.post(f"/returns/{number}/wishes", Role.OPS, json=judged)
    assert answer.status_code == 200, answer.text

    made = (await stands(lively, number, "replaced"))["replaced_by"]
    assert [line.sku for line in (await lively.tools.claims.seed(made)).lines] == ["cup"]

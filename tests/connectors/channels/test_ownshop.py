"""The own shop's connector against the simulated shop and against recordings."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.channels.ownshop import OwnShop
from connectors.channels.ownshop_words import Account
from connectors.http import Answer, Line
from connectors.ports import Message, Progress, Report, Window
from models.errand import Outcome, State
from models.errors import Failure, Forged, Garbled, Missing, Unavailable
from models.line import Units
from world.server import serve
from world.shop import Settings, Shop
from world.shop_wire import Pen

RECORDINGS = Path(__file__).parents[2] / "recordings" / "ownshop"
NOW = datetime(2026, 11, 22, 5, 5, 30, tzinfo=UTC)
DONE = Outcome(state=State.DONE)


class Hub:
    """Our door: keeps what came."""

    def __init__(self):
        self.messages = []
        paths = ["/orders", "/orders/web/demo/{number}/wishes"]
        self.app = Starlette(routes=[Route(path, self.hear, methods=["POST"]) for path in paths])

    async def hear(self, request):
        headers, query = dict(request.headers), dict(request.query_params)
        asked = f"{request.method} {request.url.path}"
        self.messages.append(Message(headers, query, await request.body(), datetime.now(UTC), asked=asked))
        return JSONResponse({"pay_url": "weixin://wxpay/1"}, 201)


@pytest.fixture
async def shop():
    hub = Hub()
    async with serve(hub.app) as ours, Shop(Settings(ours)) as world, serve(world.app) as address:
        known = world.settings
        account = Account(shop=known.shop, address=address, key=known.key, secret=known.secret)
        async with Line(account.name, address, answer_within=timedelta(seconds=1)) as line:
            party = OwnShop(account, line)
            party.world, party.hub = world, hub
            yield party


async def an_order(shop, **changes):
    """An order that a buyer placed, and the message that brought it."""
    order = shop.world.order(**changes)
    await shop.world.place(order)
    return order, shop.hub.messages[-1]


def a_report(order, **changes):
    told = Report(
        "K-report-1", f"web/demo/{order.number}", "yto", "YT883", (Units(sku="TEA-250", quantity=1),), is_last=True
    )
    return replace(told, **changes)


async def test_an_order_is_read_into_our_nouns(shop):
    order, message = await an_order(shop)
    (new,) = shop.arrival(message)

    assert (new.id, new.paying, new.provider) == (f"web/demo/{order.number}", "prepaid", order.provider)
    assert (new.total.minor, new.total.currency) == (order.total, "CNY")
    assert [(line.sku, line.quantity, line.unit_price.minor) for line in new.lines] == [
        (line.item.sku, line.quantity, line.item.price) for line in order.lines
    ]
    assert (new.receiver.name, new.receiver.district_code) == (order.receiver.name, order.receiver.district_code)


async def test_cash_on_delivery_is_read(shop):
    _, message = await an_order(shop, paying="on_delivery")

    assert shop.arrival(message)[0].paying == "on_delivery"


async def test_a_hundred_buyers_are_understood(shop):
    for _ in range(100):
        await an_order(shop)

    orders = [order for message in shop.hub.messages for order in shop.arrival(message)]
    assert len({order.id for order in orders}) == 100


async def test_the_same_message_again_bears_the_same_mark_until_nobody_believes_it(shop):
    _, message = await an_order(shop)
    first, later = shop.verify(message), replace(message, heard_at=message.heard_at + timedelta(minutes=4))

    assert shop.verify(later) == first
    with pytest.raises(Forged, match="stale"):
        shop.verify(replace(message, heard_at=first.until - timedelta(minutes=4)))


async def test_the_same_order_signed_again_is_no_replay(shop):
    order, first = await an_order(shop)
    await shop.world.place(order)
    second = shop.hub.messages[-1]

    assert shop.arrival(first) == shop.arrival(second)
    assert shop.verify(first) != shop.verify(second)


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(minutes=-6)])
async def test_a_message_from_another_time_is_stale(shop, late):
    _, message = await an_order(shop)

    with pytest.raises(Forged, match="stale"):
        shop.arrival(replace(message, heard_at=message.heard_at + late))


@pytest.mark.parametrize("nonce", ["", "n" * 129, "a nonce", "é", "a\tb"])
async def test_a_nonce_that_nobody_could_keep_is_none(shop, nonce):
    _, message = await an_order(shop)
    at = message.headers["x-shop-timestamp"]
    signed = shop.world.pen.signature(message.asked, at, nonce, message.body)

    with pytest.raises(Forged, match="bad_nonce"):
        shop.verify(replace(message, headers={**message.headers, "x-shop-nonce": nonce, "x-shop-signature": signed}))


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("x-shop-signature", "0" * 64, "bad_signature"),
        ("x-shop-signature", "", "bad_signature"),
        ("x-shop-signature", "é", "bad_signature"),
        ("x-shop-nonce", "another", "bad_signature"),
        ("x-shop-nonce", "", "bad_signature"),
        ("x-shop-timestamp", "1", "bad_signature"),
        ("x-shop-timestamp", "soon", "bad_signature"),
        ("x-shop-key", "another", "unknown_key"),
    ],
)
async def test_a_message_that_the_shop_cannot_have_sent_is_forged(shop, header, value, code):
    _, message = await an_order(shop)

    with pytest.raises(Forged, match=code):
        shop.arrival(replace(message, headers={**message.headers, header: value}))


async def test_one_changed_byte_is_forged(shop):
    _, message = await an_order(shop)

    with pytest.raises(Forged, match="bad_signature"):
        shop.arrival(replace(message, body=message.body.replace(b'"paying"', b'"paying" ')))


@pytest.mark.parametrize(
    "asked", ["GET /orders", "POST /orders/", "POST /orders?dry=1", "POST /orders/web/demo/N1/wishes", ""]
)
async def test_what_was_signed_for_one_thing_is_forged_for_every_other(shop, asked):
    _, message = await an_order(shop)

    with pytest.raises(Forged, match="bad_signature"):
        shop.arrival(replace(message, asked=asked))


async def test_a_shop_behind_a_path_is_told_under_the_whole_of_it(shop):
    order, _ = await an_order(shop)
    line = Theirs(Answer(200, {}, b'{"ok":true}'))
    party = a_shop(line)
    party.account = party.account.model_copy(update={"address": "https://shop.example/hooks/"})
    await party.report_shipped(a_report(order))

    sent = line.asked
    asked, at = "POST /hooks/hub/shipped", sent.headers["x-shop-timestamp"]
    assert sent.headers["x-shop-signature"] == Pen("demo-shop", "SECRET").signature(asked, at, "a-nonce", sent.body)


async def test_a_wish_is_signed_the_same_way(shop):
    order, _ = await an_order(shop)
    await shop.world.cancel(order)

    wish = shop.hub.messages[-1]
    assert shop.verify(wish).nonce == wish.headers["x-shop-nonce"]


async def test_a_parcel_is_reported_in_the_shops_own_code(shop):
    order, _ = await an_order(shop)

    assert await shop.report_shipped(a_report(order)) == DONE
    (told,) = shop.world.books.shipped
    assert (told.number, told.courier, told.waybill, told.units, told.is_last) == (
        order.number,
        "YTO",
        "YT883",
        (("TEA-250", 1),),
        True,
    )


async def test_a_parcel_is_written_down_once_however_often_it_is_reported(shop):
    order, _ = await an_order(shop)
    outcomes = [await shop.report_shipped(a_report(order)) for _ in range(3)]

    assert outcomes == [DONE] * 3
    assert len(shop.world.books.shipped) == 1


async def test_how_far_a_return_is_is_written_down_once_however_often_it_is_told(shop):
    order, _ = await an_order(shop)
    told = Progress("B1-R1-progress-1", f"web/demo/{order.number}", "B1-R1", "asked")
    outcomes = [await shop.report_progress(told) for _ in range(2)]
    nobodys = await shop.report_progress(replace(told, order="web/demo/NOBODY"))

    assert (outcomes, shop.world.books.progress) == ([DONE] * 2, {"B1-R1-progress-1": ("B1-R1", "asked")})
    assert nobodys == Outcome(state=State.REFUSED, code="unknown_order")


@pytest.mark.parametrize("company", ["yt0", "YT0"])
async def test_yt0_is_not_a_courier_and_the_refusal_names_what_was_meant(shop, company):
    order, _ = await an_order(shop)
    outcome = await shop.report_shipped(a_report(order, company=company))

    assert outcome == Outcome(state=State.REFUSED, code=f"unknown_courier:{company}:meant:YTO")
    assert shop.world.books.refused == []  # nobody was asked


async def test_a_wrong_code_in_our_own_settings_is_refused_too(shop):
    order, _ = await an_order(shop)
    shop.account = shop.account.model_copy(update={"couriers": {"zto": "ZT0"}})

    outcome = await shop.report_shipped(a_report(order, company="zto"))
    assert outcome == Outcome(state=State.REFUSED, code="unknown_courier:ZT0:meant:ZTO")


async def test_a_courier_that_nobody_knows_is_refused(shop):
    order, _ = await an_order(shop)

    outcome = await shop.report_shipped(a_report(order, company="dhl"))
    assert outcome == Outcome(state=State.REFUSED, code="unknown_courier:dhl")


async def test_the_shops_no_is_for_good(shop):
    order, _ = await an_order(shop)
    unknown = replace(a_report(order), order="web/demo/NOBODY")
    assert await shop.report_shipped(unknown) == Outcome(state=State.REFUSED, code="unknown_order")

    shop.account = shop.account.model_copy(update={"known_couriers": ("YT1",), "couriers": {"yto": "YT1"}})
    assert await shop.report_shipped(a_report(order)) == Outcome(state=State.REFUSED, code="unknown_courier")


async def test_a_wrong_secret_of_ours_is_a_persons_matter(shop):
    order, _ = await an_order(shop)
    other = type(shop.account.secret)("another")
    shop.account = shop.account.model_copy(update={"secret": other})

    assert await shop.report_shipped(a_report(order)) == Outcome(state=State.REFUSED, code="account_wrong")


@pytest.mark.parametrize("mood", [{"fail": 1}, {"hang": 1}, {"slow": 5}])
async def test_only_silence_is_repeated(shop, mood):
    order, _ = await an_order(shop)
    shop.world.dials.set(**mood)

    with pytest.raises(Unavailable):
        await shop.report_shipped(a_report(order))


async def test_there_is_nothing_to_pull_and_nothing_to_hear_after_the_sale(shop):
    with pytest.raises(Missing):
        await shop.changed(Window(NOW, NOW))
    with pytest.raises(Missing):
        shop.after_sales(Message({}, {}, b"", NOW))


class Theirs:
    """Answers one question, and keeps it."""

    def __init__(self, answer):
        self.answer, self.asked = answer, None

    async def send(self, ask):
        self.asked = ask
        return self.answer


def recorded(kind):
    pages = {file.stem: json.loads(file.read_text()) for file in sorted(RECORDINGS.glob("*.json"))}
    return [pytest.param(page, id=name) for name, page in pages.items() if kind in page]


def a_shop(line=None):
    account = Account(shop="demo", address="https://shop.example", key="demo-shop", secret="SECRET")  # noqa: S106
    return OwnShop(account, line, lambda: NOW, lambda: "a-nonce")


@pytest.mark.parametrize("page", recorded("arrival"))
def test_an_arrival_is_understood(page):
    pen, body = Pen("demo-shop", "SECRET"), page["arrival"].encode()
    timestamp = str(int(NOW.timestamp()))
    headers = {"x-shop-key": "demo-shop", "x-shop-timestamp": timestamp, "x-shop-nonce": "n-1"}
    signed = {**headers, "x-shop-signature": pen.signature("POST /orders", timestamp, "n-1", body)}
    try:
        (order,) = a_shop().arrival(Message(signed, {}, body, NOW, asked="POST /orders"))
        again = order.model_dump(mode="json")
    except Failure as failure:
        again = [type(failure).__name__, failure.code]

    assert again == page["again"]


@pytest.mark.parametrize("page", recorded("request"))
async def test_it_is_told_and_understood(page):
    line = Theirs(Answer(page["answer"]["status"], {}, page["answer"]["body"].encode()))
    report = TypeAdapter(Report).validate_python(page["ours"])
    try:
        again = (await a_shop(line).report_shipped(report)).model_dump(mode="json")
    except Failure as failure:
        again = [type(failure).__name__, failure.code]

    sent = line.asked
    assert again == page["again"]
    assert {
        "method": sent.method,
        "target": sent.target,
        "headers": dict(sent.headers),
        "body": json.loads(sent.body),
    } == page["request"]
    asked, at = f"{sent.method} {sent.target}", sent.headers["x-shop-timestamp"]
    signed = Pen("demo-shop", "SECRET").signature(asked, at, "a-nonce", sent.body)
    assert sent.headers["x-shop-signature"] == signed


def test_what_is_wrong_is_named_and_never_repeated():
    wrong = [page.values[0] for page in recorded("arrival") if isinstance(page.values[0]["again"], list)]

    assert {page["again"][0] for page in wrong} == {Garbled.__name__}
    assert not [page for page in wrong if "13800001234" in page["again"][1] or "王" in page["again"][1]]


UNSEEN = ("\x00", "\x1b[2J", "\n", "\t", "\x7f", "\x85", "\u2028", "\u202e")


@pytest.mark.parametrize("field", ["name", "province", "city", "district", "address"])
@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_cannot_be_seen_is_in_no_contact(field, unseen):
    paper = a_paper()
    paper["receiver"][field] = f"王{unseen}伟"

    assert wrong_fields(paper) == f"wrong_fields:receiver.{field}"


@pytest.mark.parametrize("phone", ["-----", "1234", "+ 1 2 3 4", "- - - 1"])
def test_a_phone_without_five_digits_is_none(phone):
    paper = a_paper()
    paper["receiver"]["phone"] = phone

    assert wrong_fields(paper) == "wrong_fields:receiver.phone"


@pytest.mark.parametrize("note", ["周末\x00送", "\u202e送末周", "\x1b[2J"])
def test_a_note_has_lines_and_nothing_else_that_cannot_be_seen(note):
    paper = a_paper()
    paper["note"] = "周末送\r\n\t放前台"
    assert a_shop().arrival(said(paper))[0].note == paper["note"]

    assert wrong_fields(paper | {"note": note}) == "wrong_fields:note"


def test_whatever_is_wrong_with_a_contact_is_named_at_once():
    paper = a_paper()
    paper["receiver"] |= {"name": "\x00", "phone": "12-34", "address": "a\nb"}

    assert wrong_fields(paper) == "wrong_fields:receiver.address,receiver.name,receiver.phone"


def test_promotions_are_understood_and_name_lines_and_discounts_that_are_there():
    paper = a_paper()
    lines, price = len(paper["lines"]), paper["total"] + paper["discount"] - paper["freight"]
    sums = {"discount": 500, "total": price - 500 + paper["freight"]}
    said_so = {"threshold": price, "off": 500, "lines": [0], "gifts": [{"line": lines - 1, "value": 80}]}
    (order,) = a_shop().arrival(said(paper | sums | {"promotions": [said_so]}))
    (known,) = order.promotions

    assert (known.threshold.minor, known.off.minor, known.freight_off.minor, known.lines) == (price, 500, 0, (0,))
    assert [(gift.line, gift.value.minor) for gift in known.gifts] == [(lines - 1, 80)]
    for wrong in ({"lines": [lines]}, {"gifts": [{"line": lines, "value": 1}]}, {"lines": [-1]}, {"off": 501}):
        assert wrong_fields(paper | sums | {"promotions": [said_so | wrong]}) == "wrong_fields:promotions"


def a_paper():
    return json.loads(json.loads((RECORDINGS / "arrival_prepaid.json").read_text())["arrival"])


def said(paper):
    pen, body, timestamp = Pen("demo-shop", "SECRET"), json.dumps(paper).encode(), str(int(NOW.timestamp()))
    headers = {"x-shop-key": "demo-shop", "x-shop-timestamp": timestamp, "x-shop-nonce": "n-1"}
    signed = {**headers, "x-shop-signature": pen.signature("POST /orders", timestamp, "n-1", body)}
    return Message(signed, {}, body, NOW, asked="POST /orders")


def wrong_fields(paper):
    with pytest.raises(Garbled) as wrong:
        a_shop().arrival(said(paper))
    return wrong.value.code

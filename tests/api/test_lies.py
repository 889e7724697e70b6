"""Two thousand lies at the door, over HTTP as bytes: none believed, no failure of ours, all books as they were.

The long form, before a whole stack: `python -m hostile`.
"""

from urllib.parse import urlsplit

import pytest

from connectors.couriers.kuaidi100_envelope import salt
from connectors.ports import Bill
from connectors.registry import Accounts, Registry
from demo.town import Town, opened
from hostile import books
from hostile.attack import Attack, Liars
from hostile.calls import Answer, Call, May, fault_of
from hostile.knocks import Knocks, endpoints_of
from hostile.letters import Letters
from hostile.papers import Paper, Papers
from hostile.stage import HONEST, PARTIES, Postman
from hostile.wire import Line
from models.case import Role
from models.noun import Money
from tests.api.conftest import SECRETS
from tests.builders import NOON
from world.kuaidi100_books import Subscription
from world.server import serve
from world.shop_books import spelled

LIES, SEED = 2_000, 1
PROBLEM = b'{"type": "t", "title": "t", "status": 404, "detail": "d", "code": "c"}'
UNREADY = PROBLEM.replace(b"404", b"503")


class Stage:
    """A door that can be knocked at, and everybody who has something to say there."""

    def __init__(self, hub):
        self.hub, self.app = hub, None
        self.town = Town(SEED, hub)
        self.shop = self.town.shop("")
        self.town.turn(drop_push=1.0)  # we carry every letter ourselves

    def line(self):
        return Line("127.0.0.1", urlsplit(self.hub).port)


@pytest.fixture
async def stage():
    holder = {}

    async def front(scope, receive, send):
        await holder["stage"].app(scope, receive, send)

    async with serve(front) as hub:
        holder["stage"] = made = Stage(hub)
        async with opened(made.town, made.shop):
            yield made


@pytest.fixture
async def registry(stage):
    async with Registry(Accounts.model_validate(stage.town.accounts("demo"))) as known:
        yield known


async def ordered(stage, line, number):
    """An honest order, as the shop's software sends it."""
    order = stage.shop.order(paying="prepaid")
    paper = Paper(order.number, spelled(order, "demo"))
    answer = await line.send(Papers(stage.shop.pen, [paper]).again(paper, None), HONEST)
    assert answer.status == 202, answer
    return paper


async def bills(stage, registry):
    """Both providers are asked for money, and buyers pay; a parcel of each courier moves."""
    for n in range(3):
        for provider in registry.providers:
            number = f"ABCDEFGHJKMNPQR{n}"
            await provider.create(Bill(f"{number}-pay-1", Money(minor=1900), number, NOON.replace(year=2099)))
    for world in (stage.town.wechat, stage.town.alipay):
        for number in tuple(world.books.bills):
            world.pay(number)
    known = next(courier for courier in registry.couriers if courier.name == "kuaidi100")
    told = f"{registry.webhook('couriers', 'kuaidi100', stage.hub)}?parcel=p1"
    stage.town.kuaidi.books.subscriptions.append(Subscription("yuantong", "YT1", told, salt(known.account, "p1")))
    for code in ("103", "1002", "501"):
        stage.town.kuaidi.move("YT1", code)
        stage.town.sf.move("SF7444400000016", "50")


async def liars(stage, registry, line, door):
    """Everybody who lies, and the honest words that they lie about."""
    papers = [await ordered(stage, line, n) for n in range(4)]
    await bills(stage, registry)
    postman = Postman(stage.town, line)
    await postman.carry()
    said = tuple(postman.carried.values())
    assert {one.party for one in said} == set(PARTIES)
    keys = [SECRETS[role].encode() for role in Role if role is not Role.SHOP]
    knocks = Knocks(list(endpoints_of(door.app.openapi())), keys, [f"web/demo/{paper.number}" for paper in papers])
    return Liars(Letters(said), Papers(stage.shop.pen, papers), knocks)


async def test_two_thousand_lies_are_refused_in_the_right_words_and_change_no_book(stage, registry, door, caplog):
    stage.app = door.app
    async with stage.line() as line:
        everybody = await liars(stage, registry, line, door)
        before = await books.read(door.tools.db)
        attack = Attack(line.host, line.port, everybody, SEED)
        await attack.run(LIES)
        after = await books.read(door.tools.db)

    assert attack.outcome.faults == []
    assert books.differing(before, after) == []
    assert attack.outcome.sent == LIES
    assert {status for _, status in attack.outcome.answers} >= {200, 202, 204, 400, 401, 403, 404, 405, 409, 422}
    assert "unexpected" not in {record.msg for record in caplog.records}


@pytest.mark.parametrize(
    ("call", "answer", "fault"),
    [
        (Call("t", May.ODD, b"GET", b"/orders"), Answer(500), "failed with 500"),
        (Call("t", May.ODD, b"GET", b"/orders"), Answer(503, "application/problem+json", UNREADY), "failed with 503"),
        (Call("t", May.ODD, b"GET", b"/health/ready"), Answer(503, "application/problem+json", UNREADY), None),
        (Call("t", May.ODD, b"GET", b"/health/ready"), Answer(503, "text/plain", b"?"), "failed with 503"),
        (Call("t", May.NEVER, b"POST", b"/orders"), Answer(202), "was accepted with 202"),
        (Call("t", May.AGAIN, b"POST", b"/orders"), Answer(202), None),
        (Call("t", May.ODD, b"GET", b"/orders"), Answer(0), "was hung up on"),
        (Call("t", May.BROKEN, b"", b"GET"), Answer(0), None),
        (Call("t", May.BROKEN, b"", b"GET"), Answer(500), "failed with 500"),
        (Call("t", May.ODD, b"GET", b"/x"), Answer(404, "application/problem+json", PROBLEM), None),
        (Call("t", May.ODD, b"GET", b"/x"), Answer(403, "application/problem+json", PROBLEM), "was refused with 403"),
        (Call("t", May.ODD, b"GET", b"/x"), Answer(404, "text/html", b"<html>"), "was refused with 404"),
        (Call("t", May.ODD, b"GET", b"/login"), Answer(401, "text/html", b"<html>"), None),
        (
            Call("t", May.NEVER, b"POST", b"/w", party="wechat"),
            Answer(400, "application/json", b'{"code":"FAIL"}'),
            None,
        ),
        (Call("t", May.NEVER, b"POST", b"/w", party="alipay"), Answer(400, "text/plain", b"success"), "was refused"),
        (Call("t", May.NEVER, b"POST", b"/w", party="sf"), Answer(400, "application/json", b"[]"), "was refused"),
    ],
)
def test_what_a_door_may_not_say_is_noticed(call, answer, fault):
    found = fault_of(call, answer)

    assert found is None if fault is None else found.startswith(fault)


async def test_a_book_that_is_not_as_it_was_is_noticed(door):
    before = await books.read(door.tools.db)
    await door.keep()

    assert [line.partition(":")[0] for line in books.differing(before, await books.read(door.tools.db))] != []

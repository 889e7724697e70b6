"""What an operator types, against a real Temporal and a real store, with what a terminal would show."""

import asyncio
import base64
import json

import pytest

from models.case import Role
from models.errors import Missing
from models.order import Record
from rules.deadlines import standing
from store.audit import Audit
from store.orders import OrderBook
from tests.builders import an_order
from tests.releases import FIRST, LONG, SECOND, Releases
from tests.store.conftest import db, pool, postgres, template, url  # noqa: F401 - fixtures
from tests.store.makings import HASH, MASTER, a_contact, contacts
from tests.test_cli import becomes, orderhub
from tests.workflows.conftest import a_server

NOT_YET = ("Start", "No worker ever came", "It may have been done")
ROLES = ("ADMIN", "OPS", "WAREHOUSE", "FINANCE", "SERVICE")
MADE_UP = {f"OMS_KEYS__{role}": role.ljust(43, "k") for role in ROLES} | {"OMS_SESSION_KEY": "s" * 43}
SEALS = {f"OMS_{name}_KEY": base64.b64encode(key).decode() for name, key in (("CONTACTS", MASTER), ("PHONE", HASH))}


@pytest.fixture
async def house():
    """On a server of its own: which version is current holds for everybody on it."""
    async with await a_server(log="never") as env:
        house = Releases(env)
        yield house
        await house.close()


@pytest.fixture
def ask(db, url, house, monkeypatch):  # noqa: F811 - the fixtures' own names
    """A command in a thread of its own, and what it answered. Ctrl-C is for a process of its own."""
    for module in ("deploy", "rewriting"):
        monkeypatch.setattr(f"commands.{module}.until_told", asyncio.run)
    address = {"OMS_DATABASE_URL": url, "OMS_TEMPORAL__ADDRESS": house.client.service_client.config.target_host}
    told = {**MADE_UP, **SEALS, **address, "OMS_PUBLIC_URL": "http://here.example"}

    async def asked(*words):
        return await asyncio.to_thread(orderhub, *words, **told)

    return asked


async def versions(ask):
    answer = await ask("deploy", "show", "--json")
    assert answer.exit_code == 0, answer.output
    return {row["build_id"]: (row["state"], row["percentage"], row["orders"]) for row in json.loads(answer.stdout)}


async def accepted(ask, *words):
    """As soon as every worker of that version has come; until then the command says what is missing."""

    async def done():
        answer = await ask(*words)
        assert answer.exit_code == 0 or any(word in answer.stderr for word in NOT_YET), answer.output
        return answer.stderr if answer.exit_code == 0 else None

    return await becomes(done, 2 * LONG)


async def test_orders_are_handed_over_by_the_commands_alone(house, ask, db):  # noqa: F811
    async with house.serving(FIRST), house.serving(SECOND):
        await house.make_current(FIRST)  # once all its workers have come
        said = await accepted(ask, "deploy", "current", FIRST, "--by", "lin")
        story = await house.shippable()

        assert f"{FIRST} is current. Orders at rest move when they wake. Wake them: orderhub deploy nudge" in said
        await becomes(lambda: _shows(ask, {FIRST: ("current", None, 1)}), LONG)
        assert f"50 of a hundred new orders begin with {SECOND}." in await accepted(ask, "deploy", "ramp", SECOND, "50")
        assert (await versions(ask))[SECOND] == ("ramping", 50, 0)
        shown = await ask("deploy", "show")
        assert all(word in shown.stdout for word in (FIRST, SECOND, "all others", "50 %"))
        assert f"No new order begins with {SECOND}." in await accepted(ask, "deploy", "ramp", SECOND, "0")
        assert (await ask("deploy", "nudge")).stderr.startswith(f"No order is left with another version than {FIRST}")

        await accepted(ask, "deploy", "current", SECOND, "--by", "lin")
        await becomes(lambda: _is_left(ask), LONG)
        assert await house.told_by(story) == [FIRST]
        assert "1 of 1 orders were woken." in (await ask("deploy", "nudge", "--rate", "100", "--by", "lin")).stderr
        await house.moved(story, FIRST, SECOND)
        unknown = await ask("deploy", "current", "v9")

    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "order-hub has no version v9. It has: " in unknown.stderr
    deeds = {build: [(deed.who, deed.what) for deed in await Audit(db).about(build)] for build in (FIRST, SECOND)}
    assert ("lin", "deploy_current") in deeds[FIRST]
    assert {("lin", "deploy_current"), ("lin", "deploy_nudge")} <= {*deeds[SECOND]}


async def _shows(ask, wanted):
    known = await versions(ask)
    return all(known.get(build) == row for build, row in wanted.items())


async def _is_left(ask):
    return (await versions(ask))[FIRST][2] == 1 and (await versions(ask))[SECOND][0] == "current"


async def test_a_store_that_came_back_older_is_told_what_its_stories_know(house, ask, db):  # noqa: F811
    async with house.at_work():
        story = await house.shippable()  # its own memory is another one: this store knows nothing of it

        async def all_are_listed():
            answer = await ask("order", "rewrite", "--all", "--rate", "100", "--by", "lin")
            assert answer.exit_code == 0, answer.output
            return answer.stderr if "Of 1 stories 1 knew more" in answer.stderr else None

        said = await becomes(all_are_listed, LONG)
        again = await ask("order", "rewrite", "--all")
        one = await ask("order", "rewrite")
        record = await OrderBook(db).get(story.order.id)
        assert record.order == await house.current(story)
        await house.client.start_workflow("OrderWorkflow", id="order/web/shop/MUTE", task_queue="nobody")

        async def one_is_named():
            answer = await ask("order", "rewrite", "--all")
            return answer if "web/shop/MUTE: its story could not be asked." in answer.stderr else None

        assert (await becomes(one_is_named, LONG)).exit_code == 1
        await house.client.get_workflow_handle("order/web/shop/MUTE").terminate()

    assert "1 of them came after the backup: their shops send them once more." in said
    assert "Of 1 stories 0 knew more" in again.stderr
    assert (one.exit_code, "Say --all" in one.stderr) == (2, True)
    assert [(deed.who, deed.what) for deed in await Audit(db).about(story.order.id)] == [("lin", "rewrite")]


async def test_a_person_is_forgotten_by_an_order_or_a_phone_and_orders_under_way_are_named(ask, db):  # noqa: F811
    over, other, under_way = [an_order(version=1) for _ in range(3)]
    for order in (over, other, under_way):
        await contacts(db).add(order.id, a_contact())
        ended = order is not under_way
        await OrderBook(db).put(Record(order=order, standing=standing(order), is_ended=ended))

    part = await ask("forget", over.id.rpartition("/")[2], "--by", "lin")  # may be the beginning of another's number
    assert (part.exit_code, (await contacts(db).get(over.id, 1)).phone) == (1, a_contact().phone)
    one = [await ask("forget", over.id, "--by", "lin") for _ in range(2)]
    early = await ask("forget", under_way.id)
    phone = await ask("forget", "--phone", "+86 138-0013-8000", "--by", "lin")
    neither = await ask("forget")

    for answer in one:
        assert (answer.exit_code, answer.stderr.startswith("1 orders: nobody can read")) == (0, True)
    assert (early.exit_code, "can be forgotten when it is" in early.stderr) == (1, True)
    assert (phone.exit_code, f"{under_way.id} is still under way" in phone.stderr) == (1, True)
    assert (neither.exit_code, "Name one order, or a --phone." in neither.stderr) == (2, True)
    for order in (over, other):
        with pytest.raises(Missing, match="forgotten"):
            await contacts(db).get(order.id, 1)
        assert [(d.who, d.role, d.what) for d in await Audit(db).about(order.id)] == [("lin", Role.ADMIN, "forget")]
    assert (await contacts(db).get(under_way.id, 1)).phone == a_contact().phone

"""One wish for many orders at the terminal: on a real store; what Temporal has to do with it is tested at the door."""

import asyncio
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

import cli
from models.bulk import BulkState, Ending, Fate, Mark
from models.case import Role
from models.order import Record
from rules.bulk import digest_of
from rules.deadlines import standing
from store.bulks import Bulks
from store.database import Database
from store.orders import OrderBook
from tests.builders import an_order
from tests.store.conftest import EMPTY, postgres, template, url  # noqa: F401 - fixtures

KEY = b64encode(b"k" * 32).decode()
TOLD = {
    "COLUMNS": "250", "NO_COLOR": "1", "TERM": "dumb", "OMS_PUBLIC_URL": "http://door.example",
    "OMS_TEMPORAL__ADDRESS": "127.0.0.1:1", "OMS_BULK__ALONE": "2",
    "OMS_CONTACTS_KEY": KEY, "OMS_PHONE_KEY": KEY, "OMS_SESSION_KEY": KEY,
    **{f"OMS_KEYS__{role.upper()}": f"{role}-key-for-these-tests-only" for role in Role if role is not Role.SHOP},
}  # fmt: skip
PLAN = ("plan", "hold", "--reason", "snow", "--by", "li")


class Terminal:
    """The command line in front of one store."""

    def __init__(self, url):  # noqa: F811 - the fixture's own name
        self.url = url

    def __call__(self, *words):
        return CliRunner().invoke(cli.app, ("bulk", *words), env=TOLD | {"OMS_DATABASE_URL": self.url})

    def done(self, *words):
        answer = self(*words)
        assert answer.exit_code == 0, answer.output
        return answer

    def json(self, *words):
        return json.loads(self.done(*words, "--json").stdout)

    def at_store(self, work):
        async def whole():
            db = await Database.open(self.url, size=2)
            try:
                return await work(db)
            finally:
                await db.close()

        return asyncio.run(whole())

    def orders(self, count, destination="650102"):
        async def put(db):
            for nth in range(count):
                order = an_order(
                    id=f"web/demo/{destination[:2]}{nth}", version=1, destination=destination,
                    received_at=datetime.now(UTC) - timedelta(hours=nth),
                )  # fmt: skip
                await OrderBook(db).put(Record(order=order, standing=standing(order)))

        self.at_store(put)

    def stand(self, **mark):
        self.at_store(lambda db: Bulks(db).stand(Mark(bulk=1, **mark)))


@pytest.fixture
def bulk(url):  # noqa: F811 - the fixture's own name
    terminal = Terminal(url)

    async def emptied(db):
        async with db.begin() as conn:
            await conn.execute(EMPTY)

    terminal.at_store(emptied)
    return terminal


def test_counted_and_shown_first_and_it_says_how_it_is_begun(bulk):
    bulk.orders(2)
    bulk.orders(1, "330106")
    answer = bulk.done(*PLAN, "--district", "65", "--older", "30m")

    assert "1 orders, 0 of them paid for" in answer.stdout
    assert "web/demo/651" in answer.stdout
    assert "web/demo/650" not in answer.stdout
    assert "Begin: orderhub bulk confirm 1 " in answer.stderr
    assert "--by" not in answer.stderr
    assert [plan["state"] for plan in bulk.json("list")] == ["planned"]


def test_a_wish_reads_as_it_is_written(bulk):
    bulk.orders(1)
    words = ("plan", "amend", "--plus", "-12h", "--span", "pick_within", "--reason", "x", "--by", "li")

    assert bulk.json(*words)["plan"]["wish"]["change"] == {"span": "pick_within", "plus": "-PT12H"}
    assert "amend pick_within -12h" in bulk.done("show", "1").stdout


def test_over_the_limit_it_asks_for_another_name_and_begins_once_temporal_is_back(bulk):
    bulk.orders(3)
    planned = bulk.json(*PLAN)
    own = bulk("confirm", "1", planned["digest"], "--by", "li")
    assert (own.exit_code, "somebody else" in own.stderr) == (1, True)
    assert "--by <somebody else>" in bulk.done("show", "1").stderr

    agreed = bulk.done("confirm", "1", planned["digest"], "--by", "wang")
    assert "begins as soon as Temporal is back" in agreed.stderr
    assert [bulk.json("show", "1")["plan"][name] for name in ("state", "confirmed_by")] == ["running", "wang"]
    away = bulk("pause", "1", "--by", "li")
    assert (away.exit_code, "Temporal does not answer" in away.stderr) == (1, True)


def test_it_is_followed_until_it_stands_still_and_reported_order_by_order(bulk):
    bulk.orders(3)
    planned = bulk.json(*PLAN)
    bulk.done("confirm", "1", planned["digest"], "--by", "wang")
    fates = [Ending(n=1, fate=Fate.GRANTED), Ending(n=2, fate=Fate.REFUSED, code="already_held")]
    bulk.at_store(lambda db: Bulks(db).settle(1, fates))
    bulk.stand(state=BulkState.PAUSED, code="too_many_silent")
    told = bulk.done("show", "1", "--follow")

    assert "1 granted, 1 refused, 1 left" in told.stderr
    assert "(too_many_silent): see to that first. Let it go on: orderhub bulk resume 1" in told.stderr
    rows = [(row["n"], row["state"], row["code"]) for row in bulk.json("report", "1")]
    assert rows == [(1, "granted", None), (2, "refused", "already_held"), (3, "waiting", None)]
    page = bulk.done("report", "1", "--limit", "1", "--state", "refused")
    assert "already_held" in page.stdout
    assert "orderhub bulk report 1 --after 2" in page.stderr
    bulk.stand(state=BulkState.DONE)
    over = bulk("stop", "1", "--by", "li")
    assert (over.exit_code, "is over" in over.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("plan", "explode", "--reason", "x"), "Known: hold, release, amend, retry, cancel"),
        (("plan", "amend", "--reason", "x"), "--plus 96h"),
        (("plan", "amend", "--plus", "999h", "--reason", "x"), "thirty days at most"),
        (("plan", "hold", "--reason", "call 13800138000"), "one word of letters"),
        (("plan", "hold", "--reason", "x", "--district", "6"), "65, 6501 or 650102"),
        (("plan", "hold", "--reason", "x", "--older", "soon"), "write a span like 30m"),
    ],
)
def test_what_is_wrong_is_said_with_how_it_is_written(bulk, words, hint):
    answer = bulk(*words)

    assert answer.exit_code == 2
    assert hint in " ".join(answer.stderr.replace("│", " ").split())
    assert "13800138000" not in answer.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("show", "9"), "orderhub bulk list"),
        (("confirm", "9", "0" * 16, "--by", "li"), "orderhub bulk list"),
        (("pause", "1", "--by", "li"), "Nobody has confirmed it"),
        (("confirm", "1", "0" * 16, "--by", "li"), "Look again: orderhub bulk show"),
    ],
)
def test_what_is_refused_is_said_with_what_to_do_next(bulk, words, hint):
    bulk.orders(1)
    bulk.done(*PLAN)
    answer = bulk(*words)

    assert (answer.exit_code, hint in answer.stderr) == (1, True)


def test_the_same_plan_has_the_same_digest_here_and_at_the_door(bulk):
    bulk.orders(1)
    planned = bulk.json(*PLAN)

    assert planned["digest"] == digest_of(bulk.at_store(lambda db: Bulks(db).get(1)))

"""The store came back from a backup that is older than the stories, which lived on."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from api import stories
from commands.retelling import Found, rewritten, rewritten_return
from commands.rewriting import kept
from models.case import Role
from models.errand import What
from models.errors import Refused
from models.stage import Stage
from models.wish import Urge
from store.money import MoneyGate
from tests.api.conftest import relaying
from tests.api.test_people import over
from tests.api.test_returns import asked, bought, decided, stands
from workflows.order import OrderWorkflow
from workflows.rma import ReturnWorkflow

QUIET = timedelta(0)
TABLES = text("""
    SELECT table_name, string_agg(quote_ident(column_name), ', ') AS columns FROM information_schema.columns
    WHERE table_schema = 'public' AND is_generated = 'NEVER' GROUP BY table_name
""")


class Backup:
    """All that the store knew at one moment."""

    def __init__(self, db):
        self.db = db

    async def take(self):
        async with self.db.begin() as conn:
            self.tables = (await conn.execute(TABLES)).all()
            await conn.execute(text("DROP SCHEMA IF EXISTS kept CASCADE"))
            await conn.execute(text("CREATE SCHEMA kept"))
            for name, columns in self.tables:
                await conn.execute(text(f"CREATE TABLE kept.{name} AS SELECT {columns} FROM public.{name}"))  # noqa: S608 - ours

    async def restore(self):
        async with self.db.begin() as conn:
            await conn.execute(text("SET LOCAL session_replication_role = replica"))
            await conn.execute(
                text("SET LOCAL deadlock_timeout = '1min'")
            )  # of two in each other's way, the other yields
            names = ", ".join(f"public.{name}" for name, _ in self.tables)
            await conn.execute(text(f"TRUNCATE {names} CASCADE"))
            for name, columns in self.tables:
                again = f"INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE SELECT * FROM kept.{name}"  # noqa: S608 - ours
                await conn.execute(text(again))


async def rewrite_all(lively, mine):
    """Of the stories that Temporal has, ours: other tests left theirs."""
    tools = lively.tools
    return {order: await one(tools, order) async for order in kept(tools.temporal) if order in mine}


async def one(tools, number):
    if stories.is_return(number):
        return await rewritten_return(tools.temporal, tools.returns, number)
    return await rewritten(tools.temporal, tools.orders, tools.claims, number)


async def test_cut_before_the_record_the_money_is_set_aside_all_the_same(lively, monkeypatch):
    backup, tools = Backup(lively.tools.db), lively.tools
    async with relaying(tools):
        undone = await lively.living("labelled")
        await backup.take()
        await over(lively, undone)
        await backup.restore()

        async def cut(_):
            raise KeyboardInterrupt

        monkeypatch.setattr(tools.orders, "put", cut)
        with pytest.raises(KeyboardInterrupt):
            await rewritten(tools.temporal, tools.orders, tools.claims, undone)
        refund = next(e for e in (await told(lively, undone)).errands if e.what is What.REFUND)
        with pytest.raises(Refused, match="over_captured"):
            await MoneyGate(tools.db).claim("other", undone, refund.about, refund.whole, refund.amount)


async def told(lively, order_id):
    return await lively.tools.temporal.get_workflow_handle(f"order/{order_id}").query(OrderWorkflow.current)


async def recorded(lively, order_id):
    return await lively.tools.orders.get(order_id)


async def test_stories_that_know_more_than_a_restored_store_write_it_down_again_and_nothing_is_done_twice(lively):
    backup, tools = Backup(lively.tools.db), lively.tools
    async with relaying(tools):
        resting, undone = await lively.living("labelled"), await lively.living("labelled")
        moved, awake = await lively.living(), await lively.living()
        await backup.take()
        for order_id in (moved, awake):
            await lively.pay(order_id)
            await lively.until(order_id, lambda told: told["stage"] == "labelled")
        await over(lively, undone)
        number = await lively.number()
        late = (await lively.with_terms(link_within=10).place(number=number)).json()["order"]
        await lively.pay(late)
        await lively.until(late, lambda told: told["stage"] == "labelled")
        mine = {resting, undone, moved, awake, late}
        everything = [await told(lively, order_id) for order_id in (resting, undone, moved, late)]
        await backup.restore()

        await stories.wish(tools.temporal, awake, Urge(by="u1"))  # its next word is taken, whatever the store knew
        await lively.until(awake, lambda told: told["stage"] == "labelled")
        assert (await recorded(lively, moved)).standing.stage is Stage.RECEIVED

        assert await rewrite_all(lively, mine) == {
            resting: Found.KNOWN,
            awake: Found.KNOWN,
            moved: Found.WRITTEN,
            undone: Found.WRITTEN,
            late: Found.UNCLAIMED,
        }
        records = [await recorded(lively, order_id) for order_id in (resting, undone, moved, late)]
        assert [record.order for record in records] == everything
        assert [record.is_ended for record in records] == [False, True, False, False]
        assert set((await rewrite_all(lively, mine)).values()) == {Found.KNOWN}
        refund = next(errand for errand in records[1].order.errands if errand.what is What.REFUND)
        with pytest.raises(Refused, match="over_captured"):
            await MoneyGate(tools.db).claim("other", undone, refund.about, refund.whole, refund.amount)

        assert (await lively.place(number=number)).is_success  # its shop sends it once more
        assert await tools.claims.unstarted(10, QUIET) == ()
        assert (await lively.get(f"/orders/{late}")).json()["receiver"]
        for order_id in (resting, moved, awake, late):
            assert await stories.revive(tools.temporal, (await recorded(lively, order_id)).order) is False
            await over(lively, order_id)
    records = [await recorded(lively, order_id) for order_id in (resting, moved, awake, late, undone)]
    courier, provider = lively.parties.couriers[0], lively.parties.providers[0]
    labels = sorted(f"{record.order.business_no}-label-1" for record in records)
    assert keys(courier, What.LABEL) == keys(courier, What.VOID) == labels
    assert keys(provider, What.REFUND) == sorted(f"{record.order.business_no}-refund-1" for record in records)


def keys(party, what):
    return sorted(deed.key for deed in party.done(what))


async def told_back(lively, number):
    return await lively.tools.temporal.get_workflow_handle(f"return/{number}").query(ReturnWorkflow.current)


async def test_returns_are_written_down_again_and_what_went_back_goes_back_no_more(lively):
    backup, tools = Backup(lively.tools.db), lively.tools
    async with relaying(tools):
        order = await bought(lively)
        given = await due(lively, order)
        await backup.take()
        await let_go(lively, given)
        late = await bought(lively)
        fresh = await due(lively, late)
        mine = [order, late, given, fresh]
        everything = [await told_back(lively, number) for number in (given, fresh)]
        await backup.restore()

        found = await rewrite_all(lively, mine)
        assert (found[given], found[fresh]) == (Found.WRITTEN, Found.ORPHAN)
        assert (await lively.place(number=late.rpartition("/")[2])).is_success  # its shop sends it once more
        assert (await rewrite_all(lively, mine))[fresh] is Found.WRITTEN
        assert set((await rewrite_all(lively, mine)).values()) == {Found.KNOWN}

        assert [(await tools.returns.get(number)).matter for number in (given, fresh)] == everything
        assert await tools.returns.assess(everything[0]) == everything[0].assessed
        refund = next(errand for errand in everything[0].errands if errand.what is What.REFUND)
        with pytest.raises(Refused, match="over_captured"):
            await MoneyGate(tools.db).claim("other", order, refund.about, refund.whole, refund.whole)
        for number in (order, late):
            again = await asked(lively, number)
            assert (again.status_code, again.json()["code"]) == (409, "more_than_bought")

        await let_go(lively, fresh)
    assert keys(lively.parties.providers[0], What.REFUND) == sorted(f"{number}-refund-1" for number in (given, fresh))


async def due(lively, order):
    number = (await asked(lively, order, claims=[{"line": 0, "quantity": 2}])).json()["id"]
    await decided(lively, number, Role.OPS)
    await stands(lively, number, "due")
    return number


async def let_go(lively, number):
    await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    await stands(lively, number, "refunded")

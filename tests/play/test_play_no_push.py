"""The main job in small: our own processes, everyone else over HTTP, and both sides' books. Nobody pushes anything."""

from itertools import cycle

import settings
from demo.aftersales import WAYS
from demo.comparison import compared
from demo.play import Script, acts, assembled, plotted, records, returned
from demo.return_comparison import compared_returns
from models.errand import State, What
from models.rma import ReturnStage
from settings import Ports

SILENT = Script(orders=16, seed=11, spread=10.0, at_most=300.0, moods={"drop_push": 1.0})
KEPT = ("pays", "cash", "changes_mind", "walks_away")  # the other twelve give something back
ENDS = {
    ReturnStage.REFUNDED,
    ReturnStage.REPLACED,
    ReturnStage.REFUSED,
    ReturnStage.WITHDRAWN,
    ReturnStage.EXPIRED,
    ReturnStage.SENT_HOME,
    ReturnStage.BY_HAND,
}


async def test_with_every_push_dropped_each_payment_and_each_refund_is_found_by_asking(home):
    told = settings.load(data=home, ports=dict.fromkeys(Ports.model_fields, 0))
    async with assembled(told, SILENT.seed) as cast:
        plot = plotted(cast, SILENT.seed)
        people, scenes, ways = plot.aftersales, iter(KEPT), cycle(WAYS)
        plot.drawn, people.drawn = lambda: next(scenes, "gives_back"), lambda: next(ways)
        await acts(cast, plot, SILENT)
        found, back = await records(cast), await returned(cast)
    lines = compared(cast.town, cast.shop, cast.warehouse, found, back)
    lines += compared_returns(cast.town, people.counter, cast.bench, back)
    captures = [c for r in found.values() for p in r.order.payments for c in p.captures if c.source == "provider"]
    refunds = [e for r in back.values() for e in r.matter.errands if e.what is What.REFUND and e.state is State.DONE]

    assert [line for line in lines if not line.agrees] == []
    assert not any(pusher.deliveries for pusher in cast.town.pushers)
    assert captures
    assert all(capture.id.startswith("query-") for capture in captures)
    assert set(people.ways.values()) == set(WAYS)
    assert {record.standing.stage for record in back.values()} <= ENDS
    assert refunds

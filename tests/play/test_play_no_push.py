"""The main job in small: our own processes, everyone else over HTTP, and both sides' books. Nobody pushes anything."""

from dataclasses import replace
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


def half_of_them_each(cast, ways):
    """Every second order is paid with the other provider, and every second way is for its customers."""
    providers, usual = cycle(("wechat", "alipay")), cast.shop.order
    cast.shop.order = lambda **said: replace(usual(**said), provider=next(providers))
    mine = {"wechat": cycle([*ways][::2]), "alipay": cycle([*ways][1::2])}
    return lambda order: next(mine[order.provider])


async def test_with_every_push_dropped_each_payment_and_each_refund_is_found_by_asking(home, monkeypatch):
    for chance in ("A_NO", "CARDS_GONE"):  # so that something goes back at both, whatever is drawn
        monkeypatch.setattr(f"demo.aftersales.{chance}", 0.0)
    told = settings.load(data=home, ports=dict.fromkeys(Ports.model_fields, 0))
    async with assembled(told, SILENT.seed) as cast:
        plot = plotted(cast, SILENT.seed)
        people, scenes = plot.aftersales, iter(KEPT)
        plot.drawn, people.drawn = lambda: next(scenes, "gives_back"), half_of_them_each(cast, WAYS)
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
    assert {errand.party for errand in refunds} == {"wechat", "alipay"}

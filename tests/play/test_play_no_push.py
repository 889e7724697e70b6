"""The main job in small: our own processes, everyone else over HTTP, and both sides' books. Nobody pushes anything."""

import settings
from demo.comparison import compared
from demo.play import Script, acts, assembled, records
from demo.scenes import Play
from settings import Ports

SILENT = Script(orders=14, seed=11, spread=10.0, at_most=120.0, moods={"drop_push": 1.0})


async def test_with_every_push_dropped_each_paid_order_is_found_by_asking(home):
    told = settings.load(data=home, ports=dict.fromkeys(Ports.model_fields, 0))
    async with assembled(told, SILENT.seed) as cast:
        await acts(cast, Play(cast.town, cast.shop, cast.ops, SILENT.seed), SILENT)
        found = await records(cast)
        differing = [line for line in compared(cast.town, cast.shop, cast.warehouse, found) if not line.agrees]
    captures = [c for r in found.values() for p in r.order.payments for c in p.captures if c.source == "provider"]

    assert differing == []
    assert not any(pusher.deliveries for pusher in cast.town.pushers)
    assert captures
    assert all(capture.id.startswith("query-") for capture in captures)

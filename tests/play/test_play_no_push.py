async def test_with_every_push_dropped_each_paid_order_is_found_by_asking(played):
    town, found, differing = await played({"drop_push": 1.0})
    captures = [c for r in found.values() for p in r.order.payments for c in p.captures if c.source == "provider"]

    assert differing == []
    assert not any(pusher.deliveries for pusher in town.pushers)
    assert captures
    assert all(capture.id.startswith("query-") for capture in captures)

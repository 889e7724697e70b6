"""The main job in small: our own processes, everyone else over HTTP, and both sides' books."""

import shutil
import tempfile
from pathlib import Path

import pytest

import settings
from demo.comparison import compared
from demo.play import MOODS, Script, acts, assembled, records
from demo.scenes import Play

FEW = {"orders": 14, "spread": 10.0, "at_most": 120.0}


@pytest.fixture
def home():
    """Short, and outside pytest's own folders: PostgreSQL does not run as root, and must reach it."""
    folder = Path(tempfile.mkdtemp(prefix="play"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def played(home, moods):
    script = Script(seed=11, moods=moods, **FEW)
    async with assembled(settings.load(data=home, ports={"api": 0}), script.seed) as cast:
        await acts(cast, Play(cast.town, cast.shop, cast.ops, script.seed), script)
        found = await records(cast)
        lines = compared(cast.town, cast.shop, cast.warehouse, found)
        return cast.town, found, [line for line in lines if not line.agrees]


async def test_with_every_fault_dial_on_all_orders_end_and_all_books_agree(home):
    town, found, differing = await played(home, MOODS)

    assert differing == []
    assert len(found) == FEW["orders"]
    signing = (town.wechat.pusher, town.alipay.pusher, town.kuaidi.pusher)
    assert [pusher.forged_accepted for pusher in signing] == [0, 0, 0]


async def test_with_every_push_dropped_each_paid_order_is_found_by_asking(home):
    town, found, differing = await played(home, {"drop_push": 1.0})
    captures = [c for r in found.values() for p in r.order.payments for c in p.captures if c.source == "provider"]

    assert differing == []
    assert not any(pusher.deliveries for pusher in town.pushers)
    assert captures
    assert all(capture.id.startswith("query-") for capture in captures)

"""The main job in small: our own processes, everyone else over HTTP, and both sides' books."""

import pytest

import settings
from demo.comparison import compared
from demo.play import Script, acts, assembled, records
from demo.scenes import Play
from settings import Ports

FEW = {"orders": 14, "spread": 10.0, "at_most": 120.0}


@pytest.fixture
def played(home):
    """The town, our last word on every order, and where the books differ."""

    async def play(moods):
        script = Script(seed=11, moods=moods, **FEW)
        async with assembled(settings.load(data=home, ports=dict.fromkeys(Ports.model_fields, 0)), script.seed) as cast:
            await acts(cast, Play(cast.town, cast.shop, cast.ops, script.seed), script)
            found = await records(cast)
            lines = compared(cast.town, cast.shop, cast.warehouse, found)
            return cast.town, found, [line for line in lines if not line.agrees]

    return play

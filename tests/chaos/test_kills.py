"""Everything that we run is killed at random while orders are played: short, one seed. Long: `make chaos SEEDS=100`."""

from itertools import islice

import settings
from chaos.run import VICTIMS, Night, played
from chaos.saboteur import How, blows
from settings import Ports

SHORT = Night(orders=12, spread=15.0, pause=4.0, strikes_on=5.0)


def test_a_seed_strikes_the_same_again_and_another_one_elsewhere():
    def first(seed):
        return list(islice(blows(seed, VICTIMS, 5.0), 50))

    assert first(1) == first(1) != first(2)
    assert {blow.whom for blow in first(1)} == set(VICTIMS)
    assert {blow.how for blow in first(1)} == set(How)


async def test_whatever_is_killed_every_order_ends_right_and_all_books_agree(home):
    told = []
    verdict = await played(settings.load(data=home, ports=dict.fromkeys(Ports.model_fields, 0)), 3, SHORT, told.append)

    assert verdict.wrong == []
    assert len(verdict.struck) >= 3

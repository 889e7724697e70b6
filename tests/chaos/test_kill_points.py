"""Workers that are killed at places that have a name. All places: `python -m chaos --places`; here the most dear."""

from itertools import cycle

import settings
from activities.moments import Moment
from chaos.mortal import PLACES, UNHURRIED, dies_in, mark, mortals, spared
from chaos.run import Night, played
from demo.play import plotted
from settings import Ports

DEAR = {
    ("create_payment", Moment.AFTER_CALL),
    ("label in the air", Moment.AFTER_CALL),
    ("book_label", Moment.AFTER_CALL),
    ("label", Moment.AFTER_RECORD),
    ("report_shipped", Moment.AFTER_CALL),
    ("assess_refund", Moment.AFTER_CALL),
    ("record_return", Moment.AFTER_CALL),
    ("claim_refund", Moment.AFTER_CALL),
    ("refund in the air", Moment.AFTER_CALL),
    ("refund", Moment.AFTER_RECORD),
}


def half_give_back(cast, seed):
    """Every second customer keeps what came, and wants money for it."""
    plot, scenes = plotted(cast, seed), cycle(("gives_back", "pays"))
    plot.drawn, plot.aftersales.drawn = lambda: next(scenes), lambda: "keeps"
    return plot


def test_of_all_who_pass_a_place_one_dies(tmp_path):
    deaths = []
    for witness in (dies_in(tmp_path, lambda: deaths.append(1)), dies_in(tmp_path, lambda: deaths.append(2))):
        witness("book_label", Moment.AFTER_CALL)
        witness("book_label", Moment.AFTER_CALL)

    assert deaths == [1]


async def test_killed_between_a_deed_and_its_record_the_deed_is_done_once_and_all_books_agree(home):
    graves, told = home / "graves", settings.load(data=home, ports=dict.fromkeys(Ports.model_fields, 0))
    spared(graves, *DEAR)
    night = Night(10, 8.0, victims=(), workforce=mortals(graves), policy=UNHURRIED, plot=half_give_back)

    verdict = await played(told, 5, night, print)

    assert verdict.wrong == []
    assert {mark(*place) for place in PLACES} == {grave.name for grave in graves.iterdir()}

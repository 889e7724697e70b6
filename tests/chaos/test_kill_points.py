"""Workers that are killed at places that have a name. All places: `python -m chaos --places`; here the most dear."""

from collections import Counter
from dataclasses import replace
from itertools import chain, cycle, repeat

import settings
from activities.moments import Moment
from chaos.mortal import PLACES, UNHURRIED, dies_in, mark, mortals, spared
from chaos.run import Night, played
from demo.play import plotted
from demo.return_comparison import every_refund
from settings import Ports

MONEY = ("claim_refund", "refund_payment", "ask_for_refund", "free_refund", "replace_goods")  # or goods for it
DEAR = {
    *((step, moment) for step in MONEY for moment in (Moment.BEFORE_CALL, Moment.AFTER_CALL)),
    ("assess_refund", Moment.AFTER_CALL),
    ("record_return", Moment.AFTER_CALL),
    ("refund in the air", Moment.AFTER_CALL),
    ("refund", Moment.AFTER_RECORD),
    ("create_payment", Moment.AFTER_CALL),
    ("label in the air", Moment.AFTER_CALL),
    ("book_label", Moment.AFTER_CALL),
    ("label", Moment.AFTER_RECORD),
    ("report_shipped", Moment.AFTER_CALL),
}
ASKED = ("keeps", "got_another", "in_time", "swaps")  # money alone, goods anew, goods for money, goods for goods


class Plot:
    """Every second customer wants something back; the first who paid with WeChat has closed the card meanwhile.

    Our account at Alipay holds too little until a claim was freed, and somebody died of it.
    """

    def __init__(self, graves):
        self.cast, self.freed = None, [graves / mark(*place) for place in PLACES if place[0] == "free_refund"]

    def __call__(self, cast, seed):
        self.cast, plot = cast, plotted(cast, seed)
        scenes, self.ways, self.gone = cycle(("gives_back", "pays")), chain(ASKED, repeat("keeps")), []
        providers, usual = cycle(("wechat", "wechat", "alipay", "alipay")), cast.shop.order
        cast.shop.order = lambda **said: replace(usual(**said), provider=next(providers))
        dials, happens = cast.town.alipay.dials, cast.town.alipay.dials.happens
        dials.happens = lambda dial: (dial == "empty" and self.is_empty()) or happens(dial)
        plot.drawn, plot.aftersales.drawn = lambda: next(scenes), self.drawn
        return plot

    def is_empty(self):
        return not all(grave.exists() for grave in self.freed)

    def drawn(self, order):
        if order.provider == "wechat" and not self.gone:
            self.gone.append(order.number)
            self.cast.town.wechat.lose_card(self.cast.town.bill(self.cast.shop.books.placed[order.number].link))
            return "keeps"
        return next(self.ways)


def test_of_all_who_pass_a_place_one_dies(tmp_path):
    deaths = []
    for witness in (dies_in(tmp_path, lambda: deaths.append(1)), dies_in(tmp_path, lambda: deaths.append(2))):
        witness("book_label", Moment.AFTER_CALL)
        witness("book_label", Moment.AFTER_CALL)

    assert deaths == [1]


async def test_killed_between_a_deed_and_its_record_the_deed_is_done_once_and_all_books_agree(home, monkeypatch):
    for chance in ("A_NO", "CARDS_GONE", "NOT_PASSED"):
        monkeypatch.setattr(f"demo.aftersales.{chance}", 0.0)
    graves, told = home / "graves", settings.load(data=home, ports=dict.fromkeys(Ports.model_fields, 0))
    plot = Plot(graves)
    spared(graves, *DEAR)
    night = Night(12, 8.0, victims=(), workforce=mortals(graves), policy=UNHURRIED, plot=plot)

    verdict = await played(told, 5, night, print)

    assert verdict.wrong == []
    assert {mark(*place) for place in PLACES} == {grave.name for grave in graves.iterdir()}
    refunds = Counter(key for key, _ in every_refund(plot.cast.town))
    assert set(refunds.values()) == {1}
    assert any("-R" in key for key in refunds)

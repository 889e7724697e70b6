"""Returns whose runs are lost, and what is left of them in the end."""

import re
from functools import partial
from typing import NamedTuple

from models.errand import State, What
from rules.return_stages import stage_of
from tests.giving_back import Back, Street
from tests.losing import PASSING, Losable, Watched, counted

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
ONCE = (What.LABEL, What.REFUND)


class FrailReturn(Losable, Back):
    """The people around a return whose run may be lost."""


class MortalStreet(Watched, Street):
    """A street in which every return may be lost."""

    def __init__(self, house, passing=PASSING):
        super().__init__(house)
        self.watch(house.memory, house.books, *house.parties(), passing=passing)

    def around(self, story):
        return self.may_lose(FrailReturn(self.house, story))


class ReturnEnd(NamedTuple):
    """What a life left behind."""

    stage: str
    money: tuple  # labels and refunds, as often as they are in the books
    void: tuple  # labels, once or after a silence again
    orders: tuple  # that were made instead
    said: tuple  # to the customer at last; before that whatever was news when the shop listened
    cases: tuple
    wrongs: tuple
    record: str  # all of it, but when it happened


def end_of(back, matter):
    name = partial(_named, back.number)
    return ReturnEnd(
        stage_of(matter).value,
        tuple(sorted(name(deed) for what in ONCE for deed in back.mine(what))),
        tuple(sorted({name(deed) for deed in back.mine(What.VOID)})),
        tuple(name(order) for of, order in back.house.books.orders.items() if of == matter.id),
        _last_said(matter),
        counted(matter.cases),
        tuple(back.wrongs()),
        name(_without_instants(matter)),
    )


def _without_instants(matter):
    """Why sorted: who of two was first is a matter of the moment; so is which words to the customer were overtaken."""
    cases = tuple(sorted(matter.cases, key=lambda case: case.deadline))
    deeds = [errand for errand in matter.errands if errand.what is not What.PROGRESS]
    errands = tuple(sorted(deeds, key=lambda errand: errand.key))
    plain = matter.model_copy(update={"version": 0, "cases": cases, "errands": errands})
    return INSTANT.sub("then", plain.model_dump_json())


def _last_said(matter):
    said = [errand for errand in matter.errands if errand.what is What.PROGRESS and errand.state is State.DONE]
    return tuple(errand.about for errand in said[-1:])


def _named(number, deed):
    return str(deed).replace(number.removesuffix("-R1"), "order")

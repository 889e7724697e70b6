"""What is said to live scans: the orders' records are looked at until they show it. No story is asked.

Why: a query that is answered while a story's record is being written can leave a history that no worker tells again.
"""

import asyncio
from contextlib import suppress
from itertools import chain, repeat
from typing import Final

from api.stories import is_return
from models.errors import Unavailable
from models.noun import Id
from models.scan import Answer
from rules.scans import together
from store.scans import KeptScan, Said, ScanBook

PAUSES: Final = (0.02, 0.02, 0.04, 0.08, 0.16)  # seconds between looks: after 20 ms, 40, 80, 160, 320
SLOWEST: Final = 0.25
Parcels = tuple[tuple[Id, Id], ...]  # order and parcel; more than one where orders share a box
Answers = dict[KeptScan, Answer]


class Awaited:
    """Live scans that were told, of one message, and what was said to them so far."""

    def __init__(self, book: ScanBook, answers: Answers) -> None:
        self.book, self.answers = book, answers
        self._orders: dict[KeptScan, tuple[Id, ...]] = {}

    def add(self, scan: KeptScan, parcels: Parcels) -> None:
        """A scan that every order in its box has. A return answers no scanner."""
        if orders := tuple(order for order, _ in parcels if not is_return(order)):
            self._orders[scan] = orders

    async def heard(self, telling: "asyncio.Task[None]") -> None:
        """Until all are told, and all is said. One small statement a look. Raises: what went wrong in the telling."""
        while not (await asyncio.wait([telling], timeout=SLOWEST))[0]:
            await self._look()
        telling.result()
        for pause in chain(PAUSES, repeat(SLOWEST)):
            if not self._orders:
                return
            await asyncio.sleep(pause)
            await self._look()

    async def _look(self) -> None:
        if not self._orders:
            return
        orders = {order for some in self._orders.values() for order in some}
        with suppress(Unavailable):
            said = await self.book.said(tuple(orders), tuple({scan.id for scan in self._orders}))
            for scan in tuple(self._orders):
                self._note(scan, said)

    def _note(self, scan: KeptScan, said: Said) -> None:
        if answer := together([said.get((order, scan.id)) for order in self._orders[scan]]):
            self.answers[scan] = answer
            del self._orders[scan]

"""How scans find their orders and come back with an answer: a signal, then a look at the order's record.

Nothing is answered before it is safe: a scan that Temporal has not taken is in the inbox when its person hears `kept`.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from api import stories
from api.awaiting import Answers, Awaited, Parcels
from api.reaching import reaching
from api.records import known_of, last_of
from api.tools import Tools
from connectors.ports import Addressed
from models.errors import Missing, Unavailable
from models.fact import Telling
from models.noun import Id
from models.order import Order
from models.scan import Answer, Word
from models.stage import Source
from rules import scans as rules
from store.scans import KeptScan

AT_ONCE: Final = 50  # boxes spoken of together
PARTY: Final = "warehouse"
CODE = attrgetter("code")
AT = attrgetter("at")


async def answers_to(tools: Tools, scans: Sequence[KeptScan]) -> Mapping[KeptScan, Answer]:
    """One answer for each scan.

    Two statements, one more where a number came before, and one for those that could not be told. Raises: Unavailable.
    """
    again = [scan for scan, is_new in zip(scans, await tools.scans.keep(scans), strict=True) if not is_new]
    others = await tools.scans.others(again) if again else frozenset()
    answers = await _of_their_own(tools, [scan for scan in scans if scan not in others])
    return answers | {scan: _refused(scan, "other_scan") for scan in others}


async def _of_their_own(tools: Tools, scans: Sequence[KeptScan]) -> Answers:
    """Those that a story may hear: each under a number of its own."""
    found = await tools.scans.find(tuple({scan.code for scan in scans}))
    answers = await _in_time(tools, scans, found)
    if untold := [scan for scan in scans if scan not in answers]:
        rows = [row for scan in untold for row in _rows(scan, found.get(scan.code, ()))]
        raw = "\n".join(scan.id for scan in untold).encode()
        tools.tray.put(await tools.inbox.keep(PARTY, PARTY, raw, rows))
    return {scan: answers.get(scan, _kept(scan)) for scan in scans}


def _refused(scan: KeptScan, reason: Id) -> Answer:
    return Answer(scan=scan.id, word=Word.REFUSED, reason=reason)


def _kept(scan: KeptScan) -> Answer:
    return Answer(scan=scan.id, word=Word.KEPT)


async def _in_time(tools: Tools, scans: Sequence[KeptScan], found: Mapping[str, Parcels]) -> Answers:
    """What is known after three seconds. A scan that is not in it may not have been told."""
    answers, slots = Answers(), asyncio.Semaphore(AT_ONCE)
    awaited = Awaited(tools.scans, answers)
    boxes = groupby(sorted(scans, key=CODE), key=CODE)
    talks = [_talk(tools, slots, found.get(code, ()), sorted(some, key=AT), awaited) for code, some in boxes]
    telling = asyncio.create_task(_all(talks))
    try:
        async with asyncio.timeout(tools.terms.answer_within):
            await awaited.heard(telling)
    except TimeoutError:
        return answers
    finally:
        telling.cancel()
    return answers


async def _all(talks: Iterable[Coroutine[None, None, None]]) -> None:
    await asyncio.gather(*talks)


async def _talk(
    tools: Tools, slots: asyncio.Semaphore, parcels: Parcels, scans: Sequence[KeptScan], awaited: Awaited
) -> None:
    """All scans of one box in the order they were made. One out of a buffer is believed and waits for nothing."""
    async with slots:
        for scan in scans:
            if not parcels and scan.live:
                awaited.answers[scan] = _refused(scan, "unknown_code")
            elif parcels and await _told(tools, scan, parcels):
                awaited.answers[scan] = _kept(scan)
                if scan.live:
                    awaited.add(scan, parcels)


async def _told(tools: Tools, scan: KeptScan, parcels: Parcels) -> bool:
    """Whether every order in the box has it."""
    try:
        for order, parcel in parcels:
            async with reaching(tools.terms.answer_within):
                await stories.tell(tools.temporal, order, telling_of(scan, parcel), last_of(tools, order))
    except (Unavailable, Missing):
        return False
    return True


def telling_of(scan: KeptScan, parcel: Id | None) -> Telling:
    """The scan as a story hears it. Where the parcel is not known yet, the relay finds it by its waybill."""
    whose = {"parcel": parcel} if parcel else {"waybill": scan.code}
    body = {**whose, "live": scan.live, "by": scan.by, "place": scan.place}
    if scan.what == "picked" and scan.sku:
        body["sku"] = scan.sku
    return Telling(kind=f"parcel_{scan.what}", source=Source.WAREHOUSE, id=scan.id, at=scan.at, body=body)


def _rows(scan: KeptScan, parcels: Parcels) -> list[Addressed]:
    known = [Addressed("ours", order, telling_of(scan, parcel)) for order, parcel in parcels]
    return known or [Addressed("waybill", scan.code, telling_of(scan, None))]


async def later_answer(tools: Tools, scan_id: Id) -> Answer:
    """What was or would have been said, as the records have it. Raises: Missing."""
    scanned = await tools.scans.get(scan_id)
    mine = [(order, parcel) for order, parcel in scanned.parcels if not stories.is_return(order)]
    said = [remembered((await known_of(tools, order)).order, scanned.scan, parcel) for order, parcel in mine]
    return rules.together(said) or _kept(scanned.scan)


def remembered(order: Order, scan: KeptScan, parcel: Id) -> Answer | None:
    """What the record says: an answer that was given, or a fact out of a buffer that was believed."""
    said = rules.answer_to(order, scan.id)
    facts = [fact.id for one in order.parcels if one.id == parcel for fact in one.facts]
    return said or (Answer(scan=scan.id, word=Word.ACCEPTED) if scan.id in facts else None)

"""How scans find their orders and come back with an answer: a signal, then a question to the same story.

Nothing is answered before it is safe: a scan that Temporal has not taken is in the inbox when its person hears `kept`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from api import stories
from api.reaching import reaching
from api.records import known_of, last_of
from api.tools import Tools
from connectors.ports import Addressed
from models.errors import Failure, Missing, Unavailable
from models.fact import Telling
from models.noun import Id
from models.order import Order
from models.scan import Answer, Word
from models.stage import Source
from store.scans import KeptScan

AT_ONCE: Final = 50  # boxes spoken of together
PARTY: Final = "warehouse"
Parcels = tuple[tuple[Id, Id], ...]  # order and parcel; more than one where orders share a box
Answers = dict[KeptScan, Answer]
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
    boxes = groupby(sorted(scans, key=CODE), key=CODE)
    talks = [_talk(tools, slots, found.get(code, ()), sorted(some, key=AT), answers) for code, some in boxes]
    try:
        async with asyncio.timeout(tools.terms.answer_within):
            await asyncio.gather(*talks)
    except TimeoutError:
        return answers
    return answers


async def _talk(
    tools: Tools, slots: asyncio.Semaphore, parcels: Parcels, scans: Sequence[KeptScan], answers: Answers
) -> None:
    """All scans of one box in the order they were made."""
    async with slots:
        for scan in scans:
            if not parcels and scan.live:
                answers[scan] = _refused(scan, "unknown_code")
            elif parcels and await _told(tools, scan, parcels):
                answers[scan] = _kept(scan)
                answers[scan] = await _asked(tools, scan, parcels)


async def _told(tools: Tools, scan: KeptScan, parcels: Parcels) -> bool:
    """Whether every order in the box has it."""
    try:
        for order, parcel in parcels:
            async with reaching(tools.terms.answer_within):
                await stories.tell(tools.temporal, order, telling_of(scan, parcel), last_of(tools, order))
    except (Unavailable, Missing):
        return False
    return True


async def _asked(tools: Tools, scan: KeptScan, parcels: Parcels) -> Answer:
    """What the stories say; one refusal keeps the box here. A scan out of a buffer is believed and asks nothing."""
    if not scan.live:
        return _kept(scan)
    said = [await _asked_of(tools, scan, order) for order, _ in parcels]
    return next((answer for answer in said if answer.word is Word.REFUSED), said[0])


async def _asked_of(tools: Tools, scan: KeptScan, order: Id) -> Answer:
    try:
        async with reaching(tools.terms.answer_within):
            return await stories.answer_to(tools.temporal, order, scan.id)
    except Failure:
        return _kept(scan)


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
    """What was or would have been said. Asks Temporal only of an order that lives. Raises: Missing."""
    scanned = await tools.scans.get(scan_id)
    for order_id, parcel in scanned.parcels:
        known = await known_of(tools, order_id)
        answer = remembered(known.order, scanned.scan, parcel)
        if answer is None and not known.record.is_ended:
            answer = await _asked_of(tools, scanned.scan, order_id)
        if answer and answer.word is not Word.KEPT:
            return answer
    return _kept(scanned.scan)


def remembered(order: Order, scan: KeptScan, parcel: Id) -> Answer | None:
    """What the record says: an answer that was given, or a fact out of a buffer that was believed."""
    said = next((answer for answer in order.scans if answer.scan == scan.id), None)
    facts = [fact.id for one in order.parcels if one.id == parcel for fact in one.facts]
    return said or (Answer(scan=scan.id, word=Word.ACCEPTED) if scan.id in facts else None)

import asyncio

import pytest

from models.errors import Missing
from models.fact import Unread
from models.order import Record
from models.scan import Answer, Word
from rules.deadlines import standing
from store.addresses import Addresses
from store.orders import OrderBook
from store.scans import KeptScan, ScanBook
from tests.builders import NOON, a_telling, an_order


def a_scan(id="s1", **fields):
    return KeptScan(**{"id": id, "what": "picked", "code": "SF1", "at": NOON, "by": "badge7", **fields})


async def test_a_scan_is_kept_once_by_its_own_number(db):
    book = ScanBook(db)

    assert await book.keep([a_scan("s1"), a_scan("s2", place="east", sku="tea"), a_scan("s1")]) == (True, True, False)
    assert await book.keep([a_scan("s2"), a_scan("s3", live=False)]) == (False, True)
    assert (await book.get("s2")).scan == a_scan("s2", place="east", sku="tea")
    assert (await book.get("s3")).scan == a_scan("s3", live=False)
    assert await book.keep([]) == ()


async def test_a_scan_sent_twice_in_the_same_instant_is_new_once(db):
    told = await asyncio.gather(*(ScanBook(db).keep([a_scan("s1"), a_scan("s2")]) for _ in range(10)))

    assert sum(is_new for batch in told for is_new in batch) == 2


async def test_a_scan_knows_whose_parcel_it_read_even_if_that_is_known_later(db):
    book = ScanBook(db)
    await book.keep([a_scan("s1"), a_scan("s2", code="P1")])
    assert (await book.get("s1")).parcels == ()

    await Addresses(db).note("waybill", "SF1", "web/demo/1", "P1")
    await Addresses(db).note("parcel", "P1", "web/demo/1", "P1")

    assert (await book.get("s1")).parcels == (("web/demo/1", "P1"),)
    assert (await book.get("s2")).parcels == (("web/demo/1", "P1"),)
    assert await book.find(["SF1", "P1", "?"]) == {
        "SF1": (("web/demo/1", "P1"),),
        "P1": (("web/demo/1", "P1"),),
    }


async def test_what_was_answered_can_be_asked_later(db):
    book = ScanBook(db)
    await book.keep([a_scan("s1")])
    assert (await book.get("s1")).answer is None

    await book.answered("s1", Answer(scan="s1", word=Word.KEPT))
    await book.answered("s1", Answer(scan="s1", word=Word.REFUSED, reason="stopped"))

    assert (await book.get("s1")).answer == Answer(scan="s1", word=Word.REFUSED, reason="stopped")


async def test_a_scan_nobody_made_is_missing(db):
    for lost in (ScanBook(db).get("s9"), ScanBook(db).answered("s9", Answer(scan="s9", word=Word.KEPT))):
        with pytest.raises(Missing, match="scan_unknown"):
            await lost


async def test_a_batch_of_two_hundred_is_one_statement(db, counted):
    with counted(db) as cost:
        await ScanBook(db).keep([a_scan(f"s{n}") for n in range(200)])

    assert (cost.statements, cost.transactions) == (1, 1)


async def recorded(db, id, **words):
    order = an_order(id=id, version=1, **words)
    await OrderBook(db).put(Record(order=order, standing=standing(order)))


def unread(id, source="warehouse"):
    return Unread(telling=a_telling("parcel_folded", source, id, NOON), heard_at=NOON)


async def test_a_record_says_what_scans_were_told_and_keeps_what_it_could_not_judge(db, counted):
    no = Answer(scan="s1", word=Word.REFUSED, reason="held")
    yes = Answer(scan="s1", word=Word.ACCEPTED)
    await recorded(db, "web/demo/1", scans=(no, Answer(scan="s2", word=Word.DUPLICATE)), unread=(unread("s1"),))
    await recorded(db, "web/demo/2", business_no="B2", scans=(yes,), unread=(unread("s3"), unread("s4", "courier")))
    orders, scans = ["web/demo/1", "web/demo/2", "web/demo/none"], ["s1", "s3", "s4", "s5"]

    with counted(db) as cost:
        said = await ScanBook(db).said(orders, scans)

    kept = Answer(scan="s3", word=Word.KEPT)
    assert said == {("web/demo/1", "s1"): no, ("web/demo/2", "s1"): yes, ("web/demo/2", "s3"): kept}
    assert cost.statements == 1
    assert await ScanBook(db).said([], []) == {}

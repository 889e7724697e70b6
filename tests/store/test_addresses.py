import pytest

from store.addresses import Addresses


async def test_a_number_leads_to_its_order_and_parcel_once(db):
    book = Addresses(db)
    await book.note("waybill", "SF1", "web/demo/1", "P1")
    await book.note("waybill", "SF1", "web/demo/1", "P1")

    assert await book.find("waybill", "SF1") == (("web/demo/1", "P1"),)
    assert await book.find("parcel", "SF1") == ()
    assert await book.find("waybill", "SF2") == ()


async def test_one_waybill_may_carry_several_orders(db):
    book = Addresses(db)
    await book.note("waybill", "SF1", "web/demo/1", "P1")
    await book.note("waybill", "SF1", "web/demo/2", "P2")

    assert await book.find("waybill", "SF1") == (("web/demo/1", "P1"), ("web/demo/2", "P2"))


async def test_what_stands_on_no_box_is_no_address(db):
    with pytest.raises(ValueError, match="phone"):
        await Addresses(db).note("phone", "1", "web/demo/1", "P1")

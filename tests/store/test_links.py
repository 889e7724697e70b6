from store.links import Links


async def test_the_last_link_of_a_bill_is_given_again(db):
    links = Links(db)
    assert await links.get("B1-pay-1") is None

    await links.put("B1-pay-1", "weixin://wxpay/bizpayurl?pr=1")
    await links.put("B1-pay-1", "weixin://wxpay/bizpayurl?pr=2")

    assert await links.get("B1-pay-1") == "weixin://wxpay/bizpayurl?pr=2"
    assert await links.get("B1-pay-2") is None

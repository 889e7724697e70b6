from demo.play import MOODS


async def test_with_every_fault_dial_on_all_orders_end_and_all_books_agree(played):
    town, found, differing = await played(MOODS)

    assert differing == []
    assert len(found) == 14
    signing = (town.wechat.pusher, town.alipay.pusher, town.kuaidi.pusher)
    assert [pusher.forged_accepted for pusher in signing] == [0, 0, 0]

"""What nobody should send, at every endpoint: told which field it is, and never a failure of ours."""

import pytest

from models.case import Role
from tests.api.test_scans import a_scan, labelled, scanned, words

HOURS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("at", HOURS)
async def test_a_scan_at_an_hour_that_cannot_be_written_down_is_refused_by_its_field(door, at):
    (answer,) = await scanned(door, a_scan("box", at=at, live=False))

    assert (answer["word"], answer["errors"][0]["pointer"]) == ("refused", "#/scans/0/at")


@pytest.mark.parametrize("at", HOURS)
async def test_nobody_vouches_for_an_hour_that_cannot_be_written_down(door, at):
    order = await door.keep()
    fact = {"kind": "parcel_picked", "at": at, "reason": "seen", "body": {"parcel": "p"}}
    answer = await door.post(f"/orders/{order.id}/facts", Role.OPS, json=fact)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/at")


async def test_a_number_that_another_scan_has_is_refused_and_told_to_nobody(lively):
    order_id, parcel = await labelled(lively)
    pick, ship = (a_scan(parcel["id"], step, id="s1") for step in ("pick", "ship"))
    answers = await scanned(lively, pick, ship)

    assert words(answers) == [("s1", "accepted", None), ("s1", "refused", "other_scan")]
    assert words(await scanned(lively, ship | {"live": False})) == [("s1", "refused", "other_scan")]
    assert words(await scanned(lively, pick | {"live": False})) == [("s1", "kept", None)]
    assert (await lively.get(f"/orders/{order_id}")).json()["parcels"][0]["shipped_at"] is None

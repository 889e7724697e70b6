"""What nobody should send, at every endpoint: told which field it is, and never a failure of ours."""

import pytest

from models.case import Role
from tests.api.test_scans import a_scan, scanned

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

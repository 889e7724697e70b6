"""Every attempt of a hand and every call to a party is counted: by whom, and how it went."""

import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.attempts import NOT_YET
from activities.boundary import hand
from calllog import CallWriter
from connectors.http import Call
from models.errand import Outcome, State
from models.errors import Forged, Garbled, Missing, Refused, Unavailable

HOUSE = Path(__file__).parent.parent
SILENT = {
    "picture_interrupted",
    "shelf_away",
    "timeout",
    "unreachable",
    "throttled",
    "party_failed",
    "store_away",
    "claim_contended",
    "stock_moving",
}
SAID = re.compile(r"""Unavailable\(\s*"([a-z_]+)\"""")


class Counted:
    """A meter that remembers."""

    def __init__(self):
        self.seen = []

    def with_additional_attributes(self, attributes):
        return self

    def create_counter(self, name, description=None, unit=None):
        return self

    def create_histogram_float(self, name, description=None, unit=None):
        return self

    def add(self, value, attributes=None):
        self.seen.append((attributes["party"], attributes["outcome"]))

    record = add


class Hands:
    def __init__(self, ending):
        self.ending = ending

    @hand("try_it")
    async def try_it(self, _: str) -> Outcome:
        if isinstance(self.ending, Exception):
            raise self.ending
        return Outcome(state=self.ending)


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (State.DONE, "done"),
        (State.REFUSED, "refused"),
        (Refused("out_of_range"), "refused"),
        (Unavailable("timeout"), "unavailable"),
        (Unavailable("not_yet"), "not_yet"),
        (Garbled("unreadable"), "garbled"),
        (Missing("order_unknown"), "missing"),
        (Forged("forged"), "forged"),
        (KeyError("13800138000"), "broke"),
    ],
)
@pytest.mark.parametrize(("queue", "party"), [("theirs-sf", "sf"), ("ours", "ours"), ("stories", "ours")])
async def test_an_attempt_is_counted_by_party_and_outcome(ending, outcome, queue, party):
    around, counted = ActivityEnvironment(), Counted()
    around.metric_meter = counted
    around.info = replace(around.info, task_queue=queue)

    with nullcontext() if isinstance(ending, State) else pytest.raises(ApplicationError):
        await around.run(Hands(ending).try_it, "x")

    assert counted.seen == [(party, outcome)]


def test_every_word_of_silence_is_known_for_what_it_is():
    """A new word is either silence, or an answer that means: not yet."""
    rooms = (path for room in ("activities", "connectors", "store") for path in (HOUSE / room).rglob("*.py"))
    said = {word for path in rooms for word in SAID.findall(path.read_text("utf-8"))}

    assert sorted(said - NOT_YET - SILENT) == []
    assert sorted(NOT_YET - said) == []
    assert not NOT_YET & SILENT


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (200, "", "answered"),
        (404, "", "answered"),
        (503, "status_503", "failed"),
        (599, "status_599", "failed"),
        (429, "throttled", "throttled"),
        (None, "timeout", "timeout"),
        (None, "", "silent"),
    ],
)
def test_a_call_is_timed_by_party_and_outcome_in_few_words(status, code, outcome):
    counted = Counted()
    call = Call("sf", "POST", "/std/service", datetime.now(UTC), timedelta(milliseconds=20), status, code)

    CallWriter(None, counted).note(call)

    assert counted.seen == [("sf", outcome)]

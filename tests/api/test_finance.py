"""The door of finance: many at once, each answered by itself."""

import pytest

from api.many import SILENT
from models.case import Role
from models.errand import What
from tests.api.conftest import eventually, relaying
from tests.api.test_return_pages import asked as requested
from tests.api.test_returns import asked, bought, stands

AGREED = {"is_agreed": True, "word": "approve_refund"}
NOBODYS = "0000000000000000-R1"


@pytest.fixture
async def lively(lively):
    """With somebody who carries what stories tell one another."""
    async with relaying(lively.tools):
        yield lively


async def several(door, count):
    """As many requests, each for one unit of an order of its own."""
    orders = [await bought(door) for _ in range(count)]
    return [(await asked(door, order)).json()["id"] for order in orders]


async def is_over(door, number):
    return number not in await door.tools.returns.open()


async def many(door, path, role, key="", **words):
    answer = await door.post(path, role, json=words, headers={"idempotency-key": key} if key else {})
    assert answer.status_code == 200, answer.text
    return [(one["answer"], one.get("code") or one["stage"]) for one in answer.json()["answers"]]


async def test_many_are_agreed_to_and_let_go_at_once_and_each_is_answered_by_itself(lively):
    first, second = await several(lively, 2)
    await lively.post(f"/returns/{second}/wishes", Role.SERVICE, json={"kind": "withdraw"})
    await eventually(lambda: is_over(lively, second))
    both = [first, second, NOBODYS, first]

    decided = await many(lively, "/returns/decisions", Role.OPS, "k1", returns=both, **AGREED)
    assert decided == [("granted", "due"), ("refused", "ended"), ("refused", "return_unknown")]
    assert await many(lively, "/returns/decisions", Role.OPS, "k1", returns=both, **AGREED) == decided
    assert await many(lively, "/returns/decisions", Role.OPS, returns=[first], **AGREED) == [
        ("refused", "already_decided")
    ]

    (due,) = (await lively.get("/finance/refunds", Role.FINANCE)).json()["rows"]
    assert (due["id"], due["asked_by"], due["agreed_by"]) == (first, "service-1", ["ops-1"])
    assert (due["why"], due["risks"], due["let_go_by"]) == ("short", [], None)

    path = "/finance/refunds/many"
    held = await many(lively, path, Role.FINANCE, deed="hold", returns=[first], word="looks_odd")
    early = await many(lively, path, Role.FINANCE, deed="trigger", returns=[first])
    freed = await many(lively, path, Role.FINANCE, deed="release", returns=[first])
    assert (held, early, freed) == ([("granted", "due")], [("refused", "held")], [("granted", "due")])
    gone = await many(lively, path, Role.FINANCE, "k2", deed="trigger", returns=both)
    assert gone == [("granted", "triggered"), ("refused", "ended"), ("refused", "return_unknown")]
    await stands(lively, first, "refunded")
    (back,) = (await lively.get("/finance/refunds?status=refunded", Role.FINANCE)).json()["rows"]
    assert (back["let_go_by"], back["held"]) == ("finance-1", None)
    given = lively.parties.providers[0].done(What.REFUND)
    assert [deed.key for deed in given] == [f"{first}-refund-1"]
    await eventually(lambda: is_over(lively, first))
    assert await many(lively, path, Role.FINANCE, "k2", deed="trigger", returns=[first]) == gone[:1]


async def test_no_more_goes_than_was_looked_at_and_who_says_no_sum_means_what_is_listed(lively):
    [number] = await several(lively, 1)
    await many(lively, "/returns/decisions", Role.OPS, returns=[number], **AGREED)
    [due] = (await lively.get("/finance/refunds", Role.FINANCE)).json()["rows"]
    less = {number: {"minor": due["amount"]["minor"] - 1}}
    path = "/finance/refunds/many"
    seen = await many(lively, path, Role.FINANCE, "k1", deed="trigger", returns=[number], up_to=less)

    async def listed():
        rows = (await lively.get("/finance/refunds?status=triggered", Role.FINANCE)).json()["rows"]
        return next((row["amount"] for row in rows if row["held"] == "more_than_let_go"), None)

    assert (seen, await eventually(listed)) == ([("granted", "triggered")], due["amount"])
    assert lively.parties.providers[0].done(What.REFUND) == []
    again = await lively.post(f"/finance/refunds/{number}/trigger", Role.FINANCE, json={})
    assert again.json() == {"id": number, "stage": "triggered"}
    await stands(lively, number, "refunded")


@pytest.mark.parametrize(
    ("words", "pointer"),
    [
        ({"word": "refuse_used"}, "#/word"),
        ({"word": "ask_pictures"}, "#/word"),
        ({"word": "because"}, "#/word"),
        ({"returns": []}, "#/returns"),
        ({"returns": [NOBODYS] * 201}, "#/returns"),
        ({"returns": ["web/demo/N1"]}, "#/returns/0"),
    ],
)
async def test_a_decision_on_many_is_made_in_the_words_of_a_template(door, words, pointer):
    answer = await door.post("/returns/decisions", Role.OPS, json={"returns": [NOBODYS], **AGREED} | words)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_while_temporal_is_away_the_rest_is_not_even_asked(door, db, monkeypatch):
    numbers = [(await requested(db)).id for _ in range(SILENT + 1)]
    monkeypatch.setattr("api.many.AT_ONCE", 1)

    words = {"deed": "trigger", "returns": numbers}
    answers = (await door.post("/finance/refunds/many", Role.FINANCE, json=words)).json()["answers"]
    assert [one["code"] for one in answers] == ["temporal_away"] * SILENT + ["not_asked"]
    assert {one["answer"] for one in answers} == {"unanswered"}

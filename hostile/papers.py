"""What a shop signs: orders and wishes, and what liars make of them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from hostile.calls import Call, Header, May
from hostile.twists import BYTEWISE, ODD_WORDS, json_of, otherwise
from world.shop_wire import Pen

LATE: Final = 3_600.0  # seconds
FREE: Final = ("number", "channel", "shop")  # with another one it would be another order, and a right one


@dataclass(frozen=True)
class Paper:
    """One order that the shop placed, as it wrote it."""

    number: str
    body: bytes


@dataclass(frozen=True)
class Papers:
    """Lies about orders and wishes."""

    pen: Pen
    placed: Sequence[Paper]

    def one(self, chance: Random) -> Call:
        """One paper that is not what it seems."""
        return chance.choice(LIES)(self, chance.choice(self.placed), chance)

    def again(self, paper: Paper, chance: Random) -> Call:  # noqa: ARG002 - as the others
        """The same order, signed again: the same answer."""
        return self._order("order again", May.AGAIN, paper.body)

    def altered(self, paper: Paper, chance: Random) -> Call:
        """Other words under the signature."""
        call = self._order("order altered", May.NEVER, paper.body)
        body = chance.choice(BYTEWISE)(paper.body, chance)
        return call if body == paper.body else Call(call.trick, call.may, call.method, call.target, call.headers, body)

    def guessed(self, paper: Paper, chance: Random) -> Call:
        """By another secret, by a key that nobody has, or long ago."""
        pen = chance.choice((Pen(self.pen.key, "a guess"), Pen("nobody", self.pen.secret), Pen("", "")))
        late = chance.choice((0.0, LATE, -LATE))
        return self._order("order by a guess", May.NEVER, paper.body, pen.headers("POST /orders", paper.body, late))

    def late(self, paper: Paper, chance: Random) -> Call:
        """Signed an hour ago, or in an hour."""
        signed = self.pen.headers("POST /orders", paper.body, chance.choice((LATE, -LATE)))
        return self._order("order late", May.NEVER, paper.body, signed)

    def half_signed(self, paper: Paper, chance: Random) -> Call:
        """One of its headers is missing, or is none."""
        headers = self.pen.headers("POST /orders", paper.body)
        name = chance.choice([one for one in headers if one.startswith("x-")])
        odd = chance.choice((b"", b"\xff", b"0", b"x" * 5_000, b"9" * 300, "张".encode(), b"-1", b"1e3", b"\xc2\xb2"))
        spelled = {known.encode(): value.encode() for known, value in headers.items() if known != name}
        return self._call(
            "order half signed", May.NEVER, b"/orders", (*spelled.items(), (name.encode(), odd)), paper.body
        )

    def meant_otherwise(self, paper: Paper, chance: Random) -> Call:
        """A signed order sent to where it was not signed for."""
        headers = self.pen.headers("POST /orders", paper.body)
        way = chance.choice(
            (f"/orders/web/demo/{paper.number}/wishes", "/orders?x=1", "/orders/", "/webhooks/channels/ownshop/web")
        )
        return self._call("order meant otherwise", May.NEVER, way.encode(), encoded(headers), paper.body)

    def mad(self, paper: Paper, chance: Random) -> Call:
        """The shop's own software lost its mind: signed, and no order."""
        words = json.loads(paper.body)
        found = otherwise({name: words[name] for name in words if name not in FREE}, chance)
        given = {name: words[name] for name in FREE}
        body = json_of({**given, **found} if isinstance(found, dict) else found, chance)
        return self._order("order of a mad shop", May.ODD, body)

    def mad_number(self, paper: Paper, chance: Random) -> Call:
        """An order without a number that anybody could keep."""
        odd = chance.choice([one for one in ODD_WORDS if not (isinstance(one, str) and re.match(r"[\w.:-]", one))])
        body = json_of({**json.loads(paper.body), chance.choice(FREE): odd}, chance)
        return self._order("order of no number", May.ODD, body)

    def wished_by_nobody(self, paper: Paper, chance: Random) -> Call:
        """A wish that the shop did not sign, or signed for another order."""
        words: dict[str, Any] = {"kind": chance.choice(("cancel", "urge", "change_address")), "reason": "x"}
        body, path = json.dumps(words).encode(), f"/orders/web/demo/{paper.number}/wishes"
        other = f"POST {path}x"
        pen = self.pen if chance.random() < 0.5 else Pen(self.pen.key, "a guess")  # noqa: PLR2004 - a coin
        return self._call("wish of nobody", May.NEVER, path.encode(), encoded(pen.headers(other, body)), body)

    def _order(self, trick: str, may: May, body: bytes, headers: dict[str, str] | None = None) -> Call:
        return self._call(trick, may, b"/orders", encoded(headers or self.pen.headers("POST /orders", body)), body)

    def _call(self, trick: str, may: May, target: bytes, headers: tuple[Header, ...], body: bytes) -> Call:
        wait = (b"prefer", b"respond-async")
        return Call(f"shop: {trick}", may, b"POST", target, (*headers, wait), body)


LIES: Final = (
    Papers.again, Papers.altered, Papers.altered, Papers.guessed, Papers.late, Papers.half_signed, Papers.half_signed,
    Papers.meant_otherwise, Papers.mad, Papers.mad, Papers.mad, Papers.mad_number, Papers.wished_by_nobody,
)  # fmt: skip


def encoded(headers: dict[str, str]) -> tuple[Header, ...]:
    """As they go over the wire."""
    return tuple((name.encode(), value.encode()) for name, value in headers.items())

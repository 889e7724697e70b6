"""Whoever knocks with a wrong key, with a right one and no sense, or with what is no HTTP at all."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from hostile.calls import Call, Header, May
from hostile.twists import MEDIA, ODD_QUERIES, ODD_SEGMENTS, json_of, noise, odd_headers, otherwise

METHODS: Final = (
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
    b"PATCH",
    b"OPTIONS",
    b"HEAD",
    b"TRACE",
    b"CONNECT",
    b"get",
    b"FROB",
    b"PRI",
)
BROKEN: Final = (
    b"\0\0\0\0",
    b"GET\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET  / HTTP/1.1\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3_000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /orders HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /orders HTTP/1.1\r\nHost: d\r\nContent-Length: 1e3\r\n\r\n",
    b"POST /orders HTTP/1.1\r\nHost: d\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST /scans HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n{}",
    b"POST /orders HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /orders HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /webhooks/payments/wechat/wechat HTTP/1.1\r\nHost: d\r\nContent-Length: 900\r\n\r\n{",
)


@dataclass(frozen=True)
class Endpoint:
    """What the door says of itself."""

    method: bytes
    path: str
    example: Any
    is_public: bool


def endpoints_of(document: Mapping[str, Any]) -> Iterator[Endpoint]:
    """Every endpoint of an OpenAPI document; webhooks are lied about by their own liars."""
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            content = told.get("requestBody", {}).get("content", {})
            example = content.get("application/json", {}).get("example")
            if not path.startswith("/webhooks"):
                yield Endpoint(method.upper().encode(), path, example, told["security"] == [])


@dataclass(frozen=True)
class Knocks:
    """Lies about who is there, and nonsense."""

    endpoints: Sequence[Endpoint]
    keys: Sequence[bytes]  # right ones
    orders: Sequence[str]

    def one(self, chance: Random) -> Call:
        """One knock."""
        return chance.choice(LIES)(self, chance.choice(self.endpoints), chance)

    def keyless(self, endpoint: Endpoint, chance: Random) -> Call:
        """Without a key, or with what is none."""
        right = chance.choice(self.keys)
        odd = chance.choice((
            b"", b"Bearer", b"Bearer ", b"Bearer " + right[:-1], b"Bearer " + right + b"x", b"Basic " + right, right,
            b"Bearer \xff\xfe", b"Bearer " + b"x" * 30_000, "Bearer 钥匙".encode(), b"Bearer null",
            b"Bearer " + right.swapcase(),
        ))  # fmt: skip
        shown = ((b"Authorization", odd),) if odd else ()
        may = May.ODD if endpoint.is_public else May.NEVER
        return Call(
            "nobody's key", may, endpoint.method, self._way(endpoint, chance), (*shown, JSON), _body(endpoint, chance)
        )

    def senseless(self, endpoint: Endpoint, chance: Random) -> Call:
        """With a right key, about what nobody knows, in words that make no sense."""
        path = fill(endpoint.path, lambda _: chance.choice((*ODD_SEGMENTS, b"WEB", b"N1")))
        return self._known("right key, no sense", endpoint.method, path, _body(endpoint, chance), chance)

    def nosy(self, endpoint: Endpoint, chance: Random) -> Call:  # noqa: ARG002 - as the others
        """With a right key, looking at what there is, through odd questions."""
        order = chance.choice(self.orders).encode()
        of_one = (b"", b"/timeline", b"/explain", b"/boxes/x/template")
        ways = (b"/orders", b"/cases", b"/incidents", b"/bulk", b"/scans/x", b"/metrics")
        way = chance.choice((*ways, *(b"/orders/" + order + part for part in of_one)))
        return self._known("right key, odd question", b"GET", way + b"?" + chance.choice(ODD_QUERIES), b"", chance)

    def overdressed(self, endpoint: Endpoint, chance: Random) -> Call:
        """With a right key, under odd headers and types."""
        path = fill(endpoint.path, lambda _: b"nobody")
        call = self._known("right key, odd headers", endpoint.method, path, _body(endpoint, chance), chance)
        media = (b"Content-Type", chance.choice(MEDIA))
        return Call(
            call.trick, call.may, call.method, call.target, (call.headers[0], media, *odd_headers(chance)), call.body
        )

    def lost(self, endpoint: Endpoint, chance: Random) -> Call:  # noqa: ARG002 - as the others
        """To where nothing is, by whatever method."""
        steps = [
            chance.choice((*ODD_SEGMENTS, b"orders", b"static", b"board", b"webhooks", b".."))
            for _ in range(chance.randint(1, 6))
        ]
        target = b"/" + b"/".join(steps)
        return Call("nowhere", May.ODD, chance.choice(METHODS), target, odd_headers(chance), noise(b"", chance))

    def at_the_screen(self, endpoint: Endpoint, chance: Random) -> Call:  # noqa: ARG002 - as the others
        """Forms and cookies that no page of ours made."""
        way = chance.choice(
            (
                b"/login",
                b"/logout",
                b"/board/search",
                b"/",
                b"/board/bulk",
                b"/static/../settings.py",
                b"/static/%2e%2e/app.py",
            )
        )
        cookie = chance.choice(
            (b"oms_session=x", b"oms_session=" + b"a.b.c" * 900, b"oms_session=\xff", b";;;=", b"lang=\xff")
        )
        form = chance.choice(
            (b"key=guess", b"key=" + b"x" * 9_000, b"token=%00", b"key=%ED%A0%80", b"&" * 99, b"key=%FF", b"k=" * 40)
        )
        media = (b"Content-Type", chance.choice((b"application/x-www-form-urlencoded", *MEDIA)))
        method = chance.choice((b"GET", b"POST", b"POST"))
        return Call(
            "at the screen", May.ODD, method, way, ((b"Cookie", cookie), media), form if method == b"POST" else b""
        )

    def no_http(self, endpoint: Endpoint, chance: Random) -> Call:  # noqa: ARG002 - as the others
        """Bytes."""
        return Call("no HTTP", May.BROKEN, b"", chance.choice(BROKEN))

    def _way(self, endpoint: Endpoint, chance: Random) -> bytes:
        known = iter(chance.choice(self.orders).encode().split(b"/"))
        return fill(endpoint.path, lambda name: next(known) if name in {"channel", "shop", "number"} else b"1")

    def _known(self, trick: str, method: bytes, target: bytes, body: bytes, chance: Random) -> Call:
        key = (b"Authorization", b"Bearer " + chance.choice(self.keys))
        return Call(trick, May.ODD, method, target, (key, JSON), body)


JSON: Final[Header] = (b"Content-Type", b"application/json")
LIES: Final = (
    Knocks.keyless, Knocks.keyless, Knocks.keyless, Knocks.senseless, Knocks.senseless, Knocks.senseless,
    Knocks.nosy, Knocks.nosy, Knocks.overdressed, Knocks.lost, Knocks.lost, Knocks.at_the_screen, Knocks.no_http,
)  # fmt: skip


def fill(path: str, word: Any) -> bytes:
    """A path with words where it has names."""
    return re.sub(rb"\{(\w+)\}", lambda found: bytes(word(found[1].decode())), path.encode())


def _body(endpoint: Endpoint, chance: Random) -> bytes:
    if endpoint.method == b"GET":
        return b""
    return noise(b"", chance) if chance.random() < 0.2 else json_of(otherwise(endpoint.example, chance), chance)  # noqa: PLR2004 - one in five

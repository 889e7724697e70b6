"""What can be done to bytes, words and headers so that they are not what they were."""

import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from hostile.calls import Header

ODD_WORDS: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, float("nan")),
    *("", " ", "\0", "a\0b", "\ud800", "\u2028", "\u202e", "é", "张三", "😀" * 50, "x" * 300, "x" * 20_000),
    *("0", "-1", "1e9", "NaN", "true", "null", "../../etc/passwd", "' OR 1=1 --", "%00", "%s%s%n", "{{7*7}}", "${x}"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "2026-11-11", "24:00"),
    *([], {}, [[]], [None] * 300, {"": ""}, {"kind": "cancel"}, {"__proto__": 1}, [0] * 5_000),
)
ODD_SEGMENTS: Final = (
    *(b"%00", b"%2e%2e", b"..", b".", b"%2F", b"%5C", b"%", b"%zz", b"%FF", b"%C0%80", b"%E5%BC%A0", b"a%20b"),
    *(b"-1", b"0", b"9223372036854775808", b"1e9", b"null", b"%F0%9F%98%80", b"a;b", b"a,b", b"a:b", b"~", b"'"),
    *(b"%0d%0a", b"x" * 300),
)  # fmt: skip
ODD_QUERIES: Final = (
    b"limit=0", b"limit=-1", b"limit=99999999999999999999", b"limit=1&limit=x", b"stage=nowhere", b"overdue=maybe",
    b"after=%00", b"after=AAAA", b"after=" + b"A" * 3_000, b"q=%00", b"q=%FF%FE", b"q=" + b"x" * 5_000, b"q=%",
    b"q=%F0%9F%98%80", b"channel=%2e%2e", b"shop=", b"=", b"&&&", b"a[]=1", b"format=csv", b"format=%00",
    b"role=king", b"open=2",
    b"parcel=%00", b"parcel=%FF", b"parcel=" + b"p" * 4_000, b"parcel=a&parcel=b",
)  # fmt: skip
MEDIA: Final = (
    b"", b"application/json", b"application/JSON; charset=utf-16", b"text/plain", b"application/xml", b"text/html",
    b"application/x-www-form-urlencoded", b"application/x-www-form-urlencoded; charset=gbk", b"multipart/form-data",
    b"multipart/form-data; boundary=x", b"application/problem+json", b"application/octet-stream", b"json", b";",
    b"\xff\xfe",
    b"application/json; charset=utf-7", b"application/json" + b";a=b" * 500,
)  # fmt: skip
CHARSETS: Final = ("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "gbk", "utf-7", "cp037")
DEEP: Final = 3_000
Bytewise = Callable[[bytes, Random], bytes]


def flipped(body: bytes, chance: Random) -> bytes:
    """One bit is another."""
    if not body:
        return b"\x01"
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]


def cut(body: bytes, chance: Random) -> bytes:
    """The end is missing."""
    return body[: chance.randrange(len(body))] if body else b"{"


def stuffed(body: bytes, chance: Random) -> bytes:
    """Something is in it that was not."""
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.randbytes(chance.randint(1, 40)) + body[at:]


def doubled(body: bytes, chance: Random) -> bytes:  # noqa: ARG001 - as the others
    """Twice in a row."""
    return body + body + b"&"


def recoded(body: bytes, chance: Random) -> bytes:
    """In another alphabet."""
    return body.decode("utf-8", "replace").encode(chance.choice(CHARSETS), "replace") + b" "


def squeezed(body: bytes, chance: Random) -> bytes:  # noqa: ARG001 - as the others
    """Compressed, and perhaps a bomb."""
    return gzip.compress(body * 50, 1)


def swollen(body: bytes, chance: Random) -> bytes:
    """Much larger than anything honest."""
    return body + b" " * chance.choice((70_000, 300_000, 1_100_000))


def noise(body: bytes, chance: Random) -> bytes:  # noqa: ARG001 - as the others
    """Nothing at all."""
    return chance.randbytes(chance.choice((0, 1, 7, 200, 5_000)))


BYTEWISE: Final[tuple[Bytewise, ...]] = (flipped, cut, stuffed, doubled, recoded, squeezed, noise)


def otherwise(words: Any, chance: Random) -> Any:
    """The same JSON with one odd thing in it."""
    if isinstance(words, dict) and words and chance.random() < 0.9:  # noqa: PLR2004 - nearly always deeper
        return _in_object(words, chance)
    if isinstance(words, list) and words and chance.random() < 0.8:  # noqa: PLR2004 - mostly deeper
        at = chance.randrange(len(words))
        return [*words[:at], otherwise(words[at], chance), *words[at + 1 :]]
    return chance.choice(ODD_WORDS)


def _in_object(words: dict[str, Any], chance: Random) -> dict[str, Any]:
    name = chance.choice(list(words))
    match chance.randrange(6):
        case 0:
            return {known: value for known, value in words.items() if known != name}
        case 1:
            return {**words, str(chance.choice(ODD_WORDS))[:400]: chance.choice(ODD_WORDS)}
        case _:
            return {**words, name: otherwise(words[name], chance)}


def json_of(words: Any, chance: Random) -> bytes:
    """Written down, sometimes in a way that few do."""
    text = json.dumps(words)
    match chance.randrange(12):
        case 0:
            return b'{"a":' * DEEP + b"1" + b"}" * DEEP
        case 1:
            return b"[" * DEEP
        case 2:
            return b"\xef\xbb\xbf" + text.encode()
        case 3:
            return text.replace("{", '{"a":1,"a":2,', 1).encode()
        case 4:
            return text.encode("utf-16")
        case _:
            return text.encode()


def odd_headers(chance: Random) -> tuple[Header, ...]:
    """Headers that nobody needs."""
    odd = chance.choice((b"\xff\xfe\x80", b"", b"x" * 5_000, b"x" * 40_000, b"a,b,c", "张三".encode(), b"\t", b"0"))
    name = chance.choice((
        b"X-Odd", b"Idempotency-Key", b"Prefer", b"Accept", b"Cookie", b"Content-Encoding", b"Range", b"If-Match",
        b"Accept-Language", b"Traceparent", b"X-Request-Id", b"Origin", b"Sec-Fetch-Site", b"X-HTTP-Method-Override",
    ))  # fmt: skip
    return ((name, odd),) * chance.choice((1, 1, 1, 2, 30))

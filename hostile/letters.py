"""Webhooks: what parties really said, and what liars make of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from hostile.calls import Call, Header, May
from hostile.twists import BYTEWISE, MEDIA, ODD_QUERIES, flipped, odd_headers, swollen
from world.pushes import Letter, Pusher

METHODS: Final = (b"GET", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"TRACE", b"post", b"FROBNICATE")
SIGNED_BY: Final = {"wechat": b"wechatpay-"}  # the others sign inside the body
UNSIGNED: Final = "sf"  # whose path is the secret: what comes by it is believed to be a rumour
REWRITTEN: Final = 0.05  # of uses: the party writes it anew, with today's instant


@dataclass
class Said:
    """Something that a party said to us, and how it says it again."""

    party: str
    push: str  # its number
    target: bytes
    write: Callable[[], Letter]
    forge: Callable[[Letter], Letter]
    letter: Letter = field(init=False)

    def __post_init__(self) -> None:
        self.letter = self.write()

    def call(self, trick: str = "again", may: May = May.AGAIN) -> Call:
        """As it was said."""
        return Call(
            f"{self.party}: {trick}", may, b"POST", self.target, headers_of(self.letter), self.letter.body, self.party
        )


def said_by(party: str, pusher: Pusher) -> list[Said]:
    """Everything that this party wanted to say, and was made to keep to itself."""
    forge = pusher.manners.forge
    assert forge is not None  # noqa: S101 - every party of the world has a forger
    return [Said(party, push.id, _target(push.url), push.write, forge) for push in pusher.dropped]


def _target(url: str) -> bytes:
    parts = urlsplit(url)
    return (f"{parts.path}?{parts.query}" if parts.query else parts.path).encode()


def headers_of(letter: Letter) -> tuple[Header, ...]:
    """As they go over the wire."""
    return tuple((name.encode(), value.encode()) for name, value in letter.headers.items())


@dataclass(frozen=True)
class Letters:
    """Lies about letters."""

    said: Sequence[Said]

    def one(self, chance: Random) -> Call:
        """One letter that is not what it seems."""
        said = chance.choice(self.said)
        if chance.random() < REWRITTEN:
            said.letter = said.write()
        return chance.choice(LIES)(self, said, chance)

    def again(self, said: Said, chance: Random) -> Call:  # noqa: ARG002 - as the others
        """Word for word."""
        return said.call()

    def altered(self, said: Said, chance: Random) -> Call:
        """Other words under the same signature. A path that is the secret is another one then."""
        twist = chance.choice((*BYTEWISE, *([swollen] if chance.random() < 0.05 else [])))  # noqa: PLR2004 - they are large
        call = said.call(f"body {twist.__name__}", May.NEVER)
        body = twist(call.body, chance)
        if says_the_same(said.party, body, call.body):
            return said.call()
        return _changed(call, target=_hidden(said, call.target), body=body)

    def forged(self, said: Said, chance: Random) -> Call:  # noqa: ARG002 - as the others
        """By somebody else's key, or late, or a probe."""
        letter = said.forge(said.letter)
        call = said.call("forged", May.NEVER)
        return _changed(call, target=_hidden(said, call.target), headers=headers_of(letter), body=letter.body)

    def another(self, said: Said, chance: Random) -> Call:
        """What one party said, told in the name of another, or to another account."""
        other = chance.choice(self.said)
        call = said.call("told to another", May.NEVER)
        if other.party != said.party:
            return _changed(call, target=_hidden(other, other.target), party=other.party)
        return _changed(call, target=call.target.replace(b"/webhooks/", b"/webhooks/x", 1), party="")

    def bare(self, said: Said, chance: Random) -> Call:
        """Without its signature, or with half of it."""
        call = said.call("unsigned", May.NEVER)
        mark = SIGNED_BY.get(said.party)
        if mark is None:
            return _changed(call, target=_hidden(said, call.target), body=_unsigned(call.body))
        marked = [
            name for name, _ in call.headers if name.lower().startswith(mark) and not name.lower().endswith(b"type")
        ]
        gone = chance.choice(marked)
        return _changed(call, headers=tuple(pair for pair in call.headers if pair[0] != gone))

    def mismarked(self, said: Said, chance: Random) -> Call:
        """Under the signature of another letter, or none that anybody could write."""
        other = chance.choice([one for one in self.said if one.party == said.party])
        if said.party not in SIGNED_BY or other.letter.body == said.letter.body:
            return self.altered(said, chance)
        return _changed(said.call("signature of another", May.NEVER), headers=headers_of(other.letter))

    def garbled_mark(self, said: Said, chance: Random) -> Call:
        """A header that is no signature."""
        if said.party not in SIGNED_BY:
            return self.bare(said, chance)
        call, at = said.call("header of bytes", May.NEVER), chance.randrange(4)
        odd = chance.choice((b"\xff\xff", b"", b"%", b"A" * 5_000, b"9" * 400, "时间".encode(), b"-1", b"1e9"))
        pairs = [(name, odd if index == at else value) for index, (name, value) in enumerate(call.headers)]
        return _changed(call, headers=tuple(pairs))

    def dressed(self, said: Said, chance: Random) -> Call:
        """The same words under headers that do not matter, or do: nobody is harmed by hearing it again."""
        call = said.call("odd headers")
        media = tuple((n, chance.choice(MEDIA)) if n.lower() == b"content-type" else (n, v) for n, v in call.headers)
        return _changed(call, headers=(*media, *odd_headers(chance)))

    def twice_marked(self, said: Said, chance: Random) -> Call:
        """Each header twice, the second time a little different."""
        call = said.call("headers twice")
        return _changed(call, headers=(*call.headers, *((n, flipped_word(v, chance)) for n, v in call.headers)))

    def astray(self, said: Said, chance: Random) -> Call:
        """To another path, or with another question."""
        call = said.call("astray", May.ODD)
        if said.party == UNSIGNED or chance.random() < 0.5:  # noqa: PLR2004 - a coin
            way = chance.choice(
                (call.target + b"/x", b"/" + call.target, call.target.upper(), call.target + b"%00", b"/webhooks")
            )
            return _changed(call, target=way, may=May.NEVER)
        return _changed(call, target=call.target.partition(b"?")[0] + b"?" + chance.choice(ODD_QUERIES))

    def otherwise_asked(self, said: Said, chance: Random) -> Call:
        """By a method that tells nothing."""
        return _changed(said.call("another method", May.NEVER), method=chance.choice(METHODS), party="")

    def rambling(self, said: Said, chance: Random) -> Call:
        """A party that lost its mind: by the right path, what no protocol knows."""
        if said.party != UNSIGNED:
            return self.altered(said, chance)
        body = chance.choice((flipped(b"\0" * 20, chance), b"{}", b'{"Body": 1}', b"[" * 500, chance.randbytes(30)))
        return _changed(said.call("rambling", May.NEVER), body=body)


LIES: Final = (
    Letters.again, Letters.again, Letters.again, Letters.altered, Letters.altered, Letters.altered, Letters.forged,
    Letters.another, Letters.bare, Letters.mismarked, Letters.garbled_mark, Letters.dressed, Letters.twice_marked,
    Letters.astray, Letters.otherwise_asked, Letters.rambling,
)  # fmt: skip


def says_the_same(party: str, body: bytes, other: bytes) -> bool:
    """Whether another spelling says the same: of a form, what is signed are its fields and not its bytes."""
    return _signed(party, body) == _signed(party, other)


def _signed(party: str, body: bytes) -> object:
    if party == "alipay":
        return sorted(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    if party == "kuaidi100":
        fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
        return [fields.get(name, [""])[0] for name in ("param", "sign")]
    return body


def flipped_word(value: bytes, chance: Random) -> bytes:
    """One letter is another, and still one that may stand in a header."""
    at = chance.randrange(max(1, len(value)))
    return value[:at] + chance.choice((b"A", b"9", b"_")) + value[at + 1 :]


def _hidden(said: Said, target: bytes) -> bytes:
    """Whoever lies does not know the secret part of a path."""
    if said.party != UNSIGNED:
        return target
    return target.rpartition(b"/")[0] + b"/" + b"0123456789abcdef"


def _unsigned(body: bytes) -> bytes:
    fields = [pair for pair in body.split(b"&") if not pair.startswith((b"sign=", b"sign_type="))]
    return b"&".join(fields)


def _changed(call: Call, **changes: object) -> Call:
    known = {name: getattr(call, name) for name in Call.__dataclass_fields__}
    return Call(**{**known, **changes})

"""What is sent and what comes back, and whether that is an answer we may give."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Header = tuple[bytes, bytes]
PROBLEM: Final = "application/problem+json"
NO_HTTP: Final = b"Invalid HTTP request received."  # the server's own word, before there is a request
PAGES: Final = (b"/login", b"/logout", b"/board", b"/?")
READY: Final = b"/health/ready"
UNREADY, SERVER_ERROR, CLIENT_ERROR, REDIRECT = 503, 500, 400, 300


class May(StrEnum):
    """What the door may make of it."""

    NEVER = "never"  # be thanked for: nobody who may say it said it
    AGAIN = "again"  # be thanked for: it was said before, and changes nothing
    ODD = "odd"  # whatever it is, an answer
    BROKEN = "broken"  # no HTTP at all: any answer of the server's, or none


@dataclass(frozen=True)
class Call:
    """One request, as it goes over the wire."""

    trick: str
    may: May
    method: bytes
    target: bytes
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    party: str = ""  # whose answers are dictated by its protocol

    def __str__(self) -> str:
        head = b"\n".join(b"%b: %b" % (name, value[:200]) for name, value in self.headers)
        words = b"%b %b\n%b\n\n%b" % (self.method, self.target[:500], head, self.body[:600])
        return f"[{self.trick}; may: {self.may}; {len(self.body)} bytes]\n{words.decode('ascii', 'backslashreplace')}"


@dataclass(frozen=True)
class Answer:
    """What the door said. Status 0: it hung up."""

    status: int
    media_type: str = ""
    body: bytes = b""


def fault_of(call: Call, answer: Answer) -> str | None:
    """What is wrong with this answer, or None."""
    if answer.status >= SERVER_ERROR and not _is_unready(call, answer):
        return f"failed with {answer.status}"
    if call.may is May.BROKEN:
        return None
    if not answer.status:
        return "was hung up on"
    if call.may is May.NEVER and answer.status < REDIRECT:
        return f"was accepted with {answer.status}"
    if answer.status >= CLIENT_ERROR and call.method != b"HEAD" and not _is_refusal(call, answer):
        return f"was refused with {answer.status} in words of nobody: {answer.media_type} {answer.body[:80]!r}"
    return None


def _is_unready(call: Call, answer: Answer) -> bool:
    """Whoever asks whether we are ready may hear that we are not: on a busy machine Temporal may be slow."""
    return call.target.startswith(READY) and answer.status == UNREADY and _is_refusal(call, answer)


def _is_refusal(call: Call, answer: Answer) -> bool:
    try:
        return _is_known_no(call, answer)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_known_no(call: Call, answer: Answer) -> bool:
    if answer.status == CLIENT_ERROR and answer.body == NO_HTTP:
        return True
    if answer.media_type.startswith(PROBLEM):
        return _is_document(answer)
    if call.party:
        return _is_sorry(call.party, answer.body)
    is_page = call.target == b"/" or call.target.startswith(PAGES)
    return is_page and answer.media_type.startswith("text/html")


def _is_document(answer: Answer) -> bool:
    told = json.loads(answer.body)
    return bool({"type", "title", "status", "detail", "code"} <= told.keys() and told["status"] == answer.status)


def _is_sorry(party: str, body: bytes) -> bool:
    """What makes this party send again."""
    if party == "alipay":
        return body == b"fail"
    told = json.loads(body)
    match party:
        case "wechat":
            return bool(told["code"] == "FAIL")
        case "sf":
            return bool(told["return_code"] != "0000")
        case _:
            return bool(told["result"] is False)

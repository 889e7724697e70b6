"""Scans: each kept once by its own number, told to its order, and answered; whoever holds the scanner waits for it."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from api.dependencies import Given, Part, Spoken, only
from api.errors import Fault, faults_of
from api.limits import SCANS_BODY
from api.scanning import answers_to, later_answer
from api.visitors import Visitor
from models.case import Role
from models.noun import Id, Segment, When
from models.scan import Answer, Word
from store.scans import KeptScan

router = APIRouter(prefix="/scans", tags=["scans"])
SCANNERS: Final = (Role.WAREHOUSE, Role.ADMIN)
MOST: Final = 200  # in one message


class Step(StrEnum):
    """What the person with the scanner did, as scanners say it."""

    PICK = "pick"
    PACK = "pack"
    SHIP = "ship"
    PUT_BACK = "put_back"
    RECEIVED_BACK = "received_back"


DONE: Final = {
    Step.PICK: "picked",
    Step.PACK: "packed",
    Step.SHIP: "handed_over",
    Step.PUT_BACK: "put_back",
    Step.RECEIVED_BACK: "received_back",
}


class Scan(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """One beep."""

    id: Segment = Field(description="The device's own number for it: twice is once.")
    step: Step
    code: Id = Field(description="A parcel of ours or its waybill, as it was read off the box.")
    sku: Id | None = Field(None, description="One thing off the shelf; without it the whole box.")
    place: Id | None = None
    at: When = Field(description="By the device's clock.")
    operator: Id = Field(description="The badge.")
    live: bool = Field(default=False, description="Somebody waits for the answer; else it happened already.")

    @property
    def kept(self) -> KeptScan:
        """As the store keeps it."""
        words = self.model_dump(include={"id", "code", "sku", "place", "at", "live"})
        return KeptScan(what=DONE[self.step], by=self.operator, **words)


class Batch(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Up to 200 scans. Each is read on its own: one that cannot be read holds up no other."""

    scans: tuple[JsonValue, ...] = Field(min_length=1, max_length=MOST)


class Told(BaseModel, frozen=True):
    """The answer to one scan."""

    scan: str
    word: Word
    reason: str | None = None
    errors: tuple[Fault, ...] = ()


class Answers(BaseModel, frozen=True):
    """One answer for each scan, in the order they came."""

    answers: tuple[Told, ...]


EXAMPLE: Final = {
    "scans": [
        {
            "id": "pda7-000123",
            "step": "ship",
            "code": "7KQ2M4T9XW3F5H8J-label-1",
            "place": "wh-east",
            "at": "2026-11-11T12:00:00+08:00",
            "operator": "badge-17",
            "live": True,
        }
    ]
}


@router.post("", summary="Tell scans")
async def tell(
    _: Annotated[Visitor, only(*SCANNERS)],
    batch: Annotated[Batch, Depends(Spoken(Batch, EXAMPLE, SCANS_BODY))],
    tools: Given,
) -> Answers:
    """`accepted`, `duplicate`, `refused` with the reason, or `kept`: safe with us, ask `GET /scans/{id}` later.

    All answers together take three seconds at most.
    """
    read = [_read(place, words) for place, words in enumerate(batch.scans)]
    scans = [scan.kept for scan in read if isinstance(scan, Scan)]
    found = await answers_to(tools, scans) if scans else {}
    told = [_told(found[scan.kept]) if isinstance(scan, Scan) else scan for scan in read]
    for answer in told:
        tools.figures.scans.labels(answer.word).inc()
    return Answers(answers=tuple(told))


@router.get("/{scan}", summary="What became of a scan")
async def later(_: Annotated[Visitor, only(*SCANNERS)], scan: Part, tools: Given) -> Told:
    """The same answer again, or the one that was not there in time."""
    return _told(await later_answer(tools, scan))


def _told(answer: Answer) -> Told:
    return Told(scan=answer.scan, word=answer.word, reason=answer.reason)


NAME: Final = TypeAdapter(Id)


def _read(place: int, words: JsonValue) -> Scan | Told:
    try:
        return Scan.model_validate(words)
    except ValidationError as error:
        faults = faults_of(error, under=("scans", place))
        return Told(scan=_name(words), word=Word.REFUSED, reason="invalid", errors=faults)


def _name(words: JsonValue) -> str:
    """Its own number, if at least that can be read."""
    try:
        return NAME.validate_python(words.get("id") if isinstance(words, dict) else None)
    except ValidationError:
        return ""

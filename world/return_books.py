"""What a shop's customers ask back, what they really put into the box, and what a warehouse found in it."""

from dataclasses import dataclass, field
from typing import Any

WHOLE, ANOTHER, EMPTY = "whole", "another", "empty"


@dataclass
class Asked:
    """One request, as the shop's software keeps it."""

    order: str  # the shop's number
    words: dict[str, Any]  # as the hub was told
    way: str  # what kind of customer this is
    number: str | None = None  # the hub's, once it has it
    status: int = 0  # of its answer
    waybill: str | None = None  # under which the goods were sent back
    is_reminded: bool = False
    is_withdrawn: bool = False


@dataclass(frozen=True)
class Parcel:
    """A box on its way back, with the return's number on a slip in it."""

    number: str
    courier: str
    waybill: str
    content: str  # whole | another | empty
    is_labelled: bool = False  # the shop's label is on it: its courier tells the hub


@dataclass
class CounterBooks:
    """What the shop's customers asked and sent."""

    asked: list[Asked] = field(default_factory=list)
    sent: list[Parcel] = field(default_factory=list)


@dataclass(frozen=True)
class Inspected:
    """What was found in a box."""

    number: str
    waybill: str
    graded: tuple[tuple[int, int, str], ...]  # line, quantity, grade


@dataclass
class BenchBooks:
    """What the warehouse took out of the boxes that came back."""

    arrived: list[str] = field(default_factory=list)  # waybills
    inspected: list[Inspected] = field(default_factory=list)
    turned_away: list[tuple[str, str, int]] = field(default_factory=list)  # return, fact, what the hub answered

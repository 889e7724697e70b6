"""What inspected goods are to the shelves."""

from typing import NamedTuple

from models.fact import GoodsInspected
from models.noun import Id
from models.returns import Grade
from models.rma import Return
from rules import homeward
from rules import return_stages as stages

ROOMS = {Grade.AS_NEW: "", Grade.OPENED: "damaged", Grade.WORN: "damaged", Grade.DAMAGED: "damaged"}


class Back(NamedTuple):
    """Units of one line that are in the house again; an empty room is the shelf itself."""

    line: int
    quantity: int
    room: Id
    place: Id


def units(matter: Return) -> tuple[Back, ...]:
    """What is ours again: not what we never sold, nor what did not come, nor what is the customer's.

    Theirs are the goods of a return that is no more, and goods that went home.
    """
    seen = stages.told(matter, GoodsInspected)
    if seen is None or stages.is_stopped(matter) or homeward.sent(matter):
        return ()
    ours = [units for units in seen.graded if units.grade in ROOMS]
    return tuple(Back(units.line, units.quantity, ROOMS[units.grade], seen.place) for units in ours)

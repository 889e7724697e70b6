"""What inspected goods are to the shelves."""

from typing import NamedTuple

from models.fact import GoodsInspected
from models.noun import Id
from models.returns import Grade, Graded, Why
from models.rma import Return
from rules import gradings, homeward
from rules import return_stages as stages

BESIDE = "damaged"
ROOMS = {Grade.AS_NEW: "", Grade.OPENED: BESIDE, Grade.WORN: BESIDE, Grade.DAMAGED: BESIDE}


class Back(NamedTuple):
    """Units of one line that are in the house again; an empty room is the shelf itself."""

    line: int
    quantity: int
    room: Id
    place: Id
    sku: Id | None = None  # what we sent wrong; None: what the line says


def units(matter: Return) -> tuple[Back, ...]:
    """What is ours again: not what did not come, nor what is the customer's, nor what nobody can name.

    Theirs are the goods of a return that is no more, and goods that went home. What nobody asked back is not for sale,
    whatever it looks like, until somebody has seen to it.
    """
    seen = stages.told(matter, GoodsInspected)
    if seen is None or stages.is_stopped(matter) or homeward.sent(matter):
        return ()
    all_parts = gradings.parted(matter.claims, seen.graded)
    parts = [part for part in all_parts if part[0].grade in ROOMS]
    asked = [Back(units.line, counted, ROOMS[units.grade], seen.place) for units, counted in parts if counted]
    beyond = [(units, units.quantity - counted) for units, counted in parts]
    spare = [Back(units.line, count, BESIDE, seen.place) for units, count in beyond if count]
    ours = [units for units, _ in all_parts if units.sku and _is_sent_wrong(matter, units)]
    return (*asked, *spare, *(Back(units.line, units.quantity, BESIDE, seen.place, units.sku) for units in ours))


def _is_sent_wrong(matter: Return, units: Graded) -> bool:
    """Whoever was sent another thing sends another thing back: it is ours, and lies beside."""
    return matter.why is Why.WRONG_ITEM and units.grade is Grade.ANOTHER

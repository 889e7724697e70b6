"""What inspection found, beside what was claimed."""

from collections import Counter
from collections.abc import Sequence

from models.returns import Claim, Fault, Grade, Graded, Why
from rules.faults import fault_of

FRESH = (Grade.AS_NEW, Grade.OPENED)


def parted(claims: Sequence[Claim], graded: Sequence[Graded]) -> tuple[tuple[Graded, int], ...]:
    """What was graded, and how many of it were claimed: the first ones."""
    left, known = {claim.line: claim.quantity for claim in claims}, list[tuple[Graded, int]]()
    for units in graded:
        counted = min(units.quantity, left.get(units.line, 0))
        left[units.line] = left.get(units.line, 0) - counted
        known.append((units, counted))
    return tuple(known)


def within(claims: Sequence[Claim], graded: Sequence[Graded]) -> tuple[Graded, ...]:
    """What was graded of what was claimed: anything beyond it nobody agreed to."""
    return tuple(units.model_copy(update={"quantity": counted}) for units, counted in parted(claims, graded) if counted)


def is_more(claims: Sequence[Claim], graded: Sequence[Graded]) -> bool:
    """Than was claimed."""
    return sum(units.quantity for units in graded) > sum(units.quantity for units in within(claims, graded))


def came(claims: Sequence[Claim], graded: Sequence[Graded]) -> tuple[Claim, ...]:
    """Units that were claimed and are here, in whatever state."""
    units = Counter[int]()
    for found in within(claims, graded):
        units[found.line] += found.quantity * (found.grade is not Grade.MISSING)
    return tuple(Claim(line=line, quantity=quantity) for line, quantity in sorted(units.items()) if quantity)


def is_whole(claims: Sequence[Claim], graded: Sequence[Graded]) -> bool:
    """All that was claimed is here, with all its parts, and no worse than opened."""
    found = within(claims, graded)
    is_all = sum(units.quantity for units in found) == sum(claim.quantity for claim in claims)
    return is_all and all(units.grade in FRESH and not units.missing for units in found)


def passes(why: Why, claims: Sequence[Claim], graded: Sequence[Graded]) -> bool:
    """Whether nobody has to think before goods are exchanged for goods: all are here, and as they should be.

    Who answers for them themselves gives them back as good as new; what came wrong may be another thing.
    """
    found = within(claims, graded)
    is_all = sum(units.quantity for units in found) == sum(claim.quantity for claim in claims)
    return is_all and all(_is_as_agreed(why, units) for units in found)


def _is_as_agreed(why: Why, units: Graded) -> bool:
    if units.missing or units.grade is Grade.MISSING:
        return False
    if units.grade is Grade.ANOTHER:
        return why is Why.WRONG_ITEM
    return units.grade in FRESH or fault_of(why) is not Fault.CUSTOMER

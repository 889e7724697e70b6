"""What is kept back of goods that came back other than they went. Units: minor."""

from models.noun import Id
from models.refund import Grounds, Terms
from models.returns import Claim, Fault, Grade, Graded, Why
from rules.faults import fault_of


def fault(grounds: Grounds) -> Fault:
    """Whose it is: as inspection found, else as the reason says."""
    return grounds.fault or fault_of(grounds.why)


def is_absent(grounds: Grounds, units: Claim) -> bool:
    """Nothing came back, or not what we sent: these units stay with the customer.

    Why: whoever was sent another thing sends another thing back.
    """
    grade = units.grade if isinstance(units, Graded) else None
    return grade is Grade.MISSING or (grade is Grade.ANOTHER and grounds.why is not Why.WRONG_ITEM)


def wear(terms: Terms, grounds: Grounds, units: Claim, paid: int) -> int:
    """Of so much that was paid for these units. A category's own row goes before the row for all."""
    if fault(grounds) is not Fault.CUSTOMER or not isinstance(units, Graded):
        return 0
    category = next((seen.category for seen in grounds.seen if seen.line == units.line), None)
    rows = {row.category: row.per_mille for row in terms.wear if row.grade is units.grade}
    return paid * rows.get(category, rows.get(None, 0)) // 1000


def parts(terms: Terms, grounds: Grounds, units: Claim, paid: int) -> int:
    """The value of parts that did not come back, for each of these units. The caller sees to what is left of them."""
    if fault(grounds) is not Fault.CUSTOMER or not isinstance(units, Graded):
        return 0
    return sum(_value(terms, part, units.quantity, paid) for part in units.missing)


def _value(terms: Terms, part: Id, quantity: int, paid: int) -> int:
    values = {known.part: known.value.minor * quantity for known in terms.parts}
    return values.get(part, paid * terms.part_per_mille // 1000)

"""A return as its rules look at it, and what a rule may say."""

from datetime import datetime
from typing import NamedTuple

from models.line import Line
from models.noun import Id
from models.order import Order
from models.return_policy import CategoryTerms, ReturnPolicy
from models.returns import Beside, Claim, Fault, LineSeen, Wanted
from rules.faults import fault_of


class Asking(NamedTuple):
    """A return, and everything that is known when it is judged."""

    order: Order
    wanted: Wanted
    beside: Beside
    policy: ReturnPolicy


class Says(NamedTuple):
    """What one rule has to say; it abstains unless it decides."""

    because: Id
    is_allowed: bool | None = None
    line: int | None = None
    until: datetime | None = None
    is_for_person: bool = False


class Claimed(NamedTuple):
    """One line of which something is claimed."""

    claim: Claim
    line: Line
    seen: LineSeen
    terms: CategoryTerms


def is_freely(asking: Asking) -> bool:
    """Without a reason that anybody but the customer answers for."""
    return fault_of(asking.wanted.why) is Fault.CUSTOMER


def claimed(asking: Asking) -> list[Claimed]:
    """Lines that the order has; of the others only the first rule speaks."""
    lines, seen = asking.order.lines, {known.line: known for known in asking.beside.lines}
    terms = {known.category: known for known in asking.policy.categories}
    claims = [claim for claim in asking.wanted.claims if claim.line < len(lines)]
    pairs = [(claim, seen.get(claim.line, LineSeen(line=claim.line))) for claim in claims]
    usual = CategoryTerms(category="usual")
    return [Claimed(c, lines[c.line], known, terms.get(known.category or "", usual)) for c, known in pairs]

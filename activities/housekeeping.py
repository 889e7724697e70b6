from collections.abc import Sequence
from typing import Protocol

from activities.boundary import hand
from models.finding import Check, Finding


class Books(Protocol):
    """What the house keeps, and can look through."""

    async def look(self, check: Check) -> tuple[Finding, ...]:
        """Everything of this kind that is not as it should be."""


class Cases(Protocol):
    """What people must look at."""

    async def found(self, check: Check, findings: Sequence[Finding]) -> int:
        """Cases for all of it, and for nothing else of this kind; how many are open."""


class Housekeeping:
    """Looks through our own books. It tells people; it mends nothing."""

    def __init__(self, books: Books, cases: Cases) -> None:
        self.books, self.cases = books, cases

    @hand("look_through_books")
    async def look(self, check: Check) -> int:
        """How many cases of this kind are open afterwards."""
        return await self.cases.found(check, await self.books.look(check))

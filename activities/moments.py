"""The places where a process may be killed, by name. Nothing happens there; a test that kills is told of them.

Between a call and what is written down of it lies every deed that could be done twice, or be forgotten.
"""

from collections.abc import Callable
from enum import StrEnum


class Moment(StrEnum):
    """Where, in the course of one deed."""

    BEFORE_CALL = "before call"
    AFTER_CALL = "after call before record"  # they did it, and neither Temporal nor our store knows
    AFTER_RECORD = "after record"  # our store knows, and Temporal does not know that it does


Witness = Callable[[str, Moment], None]


witnesses: list[Witness] = []


def passed(hand: str, moment: Moment) -> None:
    """A hand is there."""
    for witness in witnesses:
        witness(hand, moment)

"""Whose a code is that stands on a parcel."""

from models.noun import Id, Noun
from models.stray import Stray


class Whose(Noun, frozen=True):
    """Everything of ours that a code leads to, the newest return first."""

    returns: tuple[Id, ...] = ()
    orders: tuple[Id, ...] = ()
    stray: Stray | None = None

"""Where units lie, how many, and why a place was chosen."""

from enum import StrEnum

from pydantic import Field

from models.noun import Id, Noun


class Kind(StrEnum):
    """What a place is for."""

    WAREHOUSE = "warehouse"  # 仓: made for sending
    STORE = "store"  # 门店: sells over the counter, and may send
    DAMAGED = "damaged"  # 残次区: what came back and is not sold as new; it sends nothing


class Place(Noun, frozen=True):
    """A warehouse or a store that packs boxes."""

    id: Id
    name: Id  # a code: what people call it is a matter of the pages
    district: Id = Field(pattern=r"^[0-9]{6}$")  # GB/T 2260
    kind: Kind = Kind.WAREHOUSE


class Level(Noun, frozen=True):
    """How many units of one thing lie in one place, and how many of them are spoken for."""

    place: Id
    sku: Id
    on_hand: int = Field(ge=0)
    reserved: int = Field(default=0, ge=0)

    @property
    def free(self) -> int:
        """What may still be sold."""
        return self.on_hand - self.reserved


class Verdict(Noun, frozen=True):
    """What one rule made of the choices before it; told in order, they explain a choice."""

    rule: Id
    before: int  # choices it was shown
    after: int  # choices it left; as many as before: a tie, or it abstained
    best: int | None = None  # its figure for those it left; None: it had no opinion

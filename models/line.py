from pydantic import Field

from models.noun import Id, Money, Noun


class Line(Noun, frozen=True):
    """So many units of one thing, at one price."""

    sku: Id
    quantity: int = Field(ge=1, le=100_000)
    unit_price: Money

    @property
    def total(self) -> Money:
        """What the line costs before any discount."""
        return Money(minor=self.unit_price.minor * self.quantity, currency=self.unit_price.currency)


class Units(Noun, frozen=True):
    """So many units of one thing, wherever they are."""

    sku: Id
    quantity: int = Field(ge=1, le=100_000)


class Box(Noun, frozen=True):
    """What leaves one place together. A parcel is a box with a label on it."""

    id: Id  # <business_no>-box-<n>
    place: Id  # the warehouse or store that packs it
    units: tuple[Units, ...]

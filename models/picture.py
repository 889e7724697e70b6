"""What somebody photographed: the bytes lie sealed on a shelf, and what is said of them stands here."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from models.noun import Id, Noun, When


class PictureKind(StrEnum):
    """How a picture is written, as the web names it."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"  # of an iPhone


class Occasion(StrEnum):
    """Why it was taken."""

    REQUEST = "request"  # by the customer, for what they ask
    INSPECTION = "inspection"  # by the warehouse, of what came back


class NewPicture(Noun, frozen=True):
    """What is said of a picture when it is added."""

    order: Id  # whose key seals it
    about: Id  # the return, or whatever else of the order it shows
    occasion: Occasion
    by: Id
    taken_at: When | None = None  # by the word of who adds it
    place: Id | None = None  # the warehouse or the station where it was taken, never a position on the globe


class Picture(NewPicture, frozen=True):
    """One picture that we keep."""

    id: Id
    kind: PictureKind
    size: int = Field(ge=1)  # bytes, as it was added
    added_at: AwareDatetime

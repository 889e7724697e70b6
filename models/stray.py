"""A parcel that came to us, and nobody knows for what."""

from datetime import datetime

from models.noun import Id, Noun, When


class NewStray(Noun, frozen=True):
    """What the person at the ramp says of it."""

    code: Id  # as it was scanned off the parcel
    place: Id
    by: Id
    arrived_at: When


class Stray(NewStray, frozen=True):
    """One parcel without a return (无主件). It is settled once: it belongs to a return, or it is closed."""

    id: Id
    note_id: Id | None = None  # what is in it
    kept_at: datetime
    settled_at: datetime | None = None
    settled_by: Id | None = None
    assigned_to: Id | None = None  # the return
    because: Id | None = None  # why it was closed

"""A parcel without a return, as it is shown."""

from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel

from api.tools import Tools
from models.errors import Missing
from models.noun import Id
from models.stray import Stray


class StrayView(BaseModel, frozen=True):
    """Where it lies, what is in it, and who settled it how."""

    id: Id
    code: Id
    place: Id
    by: Id
    arrived_at: datetime
    kept_at: datetime
    note: str | None
    pictures: tuple[Id, ...]
    settled_at: datetime | None
    settled_by: Id | None
    assigned_to: Id | None
    because: Id | None


async def stray_view(tools: Tools, stray: Stray) -> StrayView:
    """With its words and its pictures."""
    plain = stray.model_dump(exclude={"note_id"})
    pictures = await tools.pictures.listing(stray.id, stray.id)
    return StrayView(**plain, note=await _note(tools, stray), pictures=tuple(one.id for one in pictures))


async def _note(tools: Tools, stray: Stray) -> str | None:
    with suppress(Missing):
        return await tools.contacts.note(stray.note_id) if stray.note_id else None
    return None

"""People who ask to be forgotten."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.dependencies import Given, OrderId, Spoken, only
from api.visitors import Visitor
from models.case import Role
from models.noun import Id
from store.forgetting import Forgetting

router = APIRouter(tags=["people"])
one_order = APIRouter(prefix="/orders/{channel}/{shop}/{number}", tags=["people"])
Owner = Annotated[Visitor, only(Role.ADMIN)]
EXAMPLE: Final = {"phone": "13800138000"}


class Person(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Who asks."""

    phone: str = Field(
        min_length=5, max_length=20, pattern=r"^\+?[0-9 -]+$", description="As on any of their orders, however spelt."
    )


class Forgotten(BaseModel, frozen=True):
    """What became of it."""

    forgotten: tuple[Id, ...] = Field(description="Orders whose person nobody can read any more.")
    under_way: tuple[Id, ...] = Field(description="Orders that are not over: ask again when they are.")


@one_order.post("/forget", summary="Forget the person of one order")
async def forget_order(visitor: Owner, order_id: OrderId, tools: Given) -> Forgotten:
    """Names, phones, addresses, notes and every word that came for it; the order's facts remain. Twice is once.

    409 `still_under_way` while it is not over.
    """
    await Forgetting(tools.contacts, tools.pictures).order(order_id, visitor.name, visitor.role)
    return Forgotten(forgotten=(order_id,), under_way=())


@router.post("/forget", summary="Forget a person")
async def forget(visitor: Owner, said: Annotated[Person, Depends(Spoken(Person, EXAMPLE))], tools: Given) -> Forgotten:
    """The same for every order that ever went to this phone and is over."""
    done = await Forgetting(tools.contacts, tools.pictures).person(said.phone, visitor.name, visitor.role)
    return Forgotten(forgotten=done.orders, under_way=done.under_way)

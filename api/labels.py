"""Labels written by hand: everything that stands on one, and the waybill that a person got for it."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api import desk
from api.dependencies import Given, OrderId, Part, now, only, seen_by
from api.errors import Problem
from api.records import known_of
from api.tools import Tools
from api.visitors import Visitor
from models.contact import Contact
from models.errors import Missing, Refused
from models.line import Box, Units
from models.noun import Id, Money
from models.order import Order
from rules import labels

router = APIRouter(prefix="/orders/{channel}/{shop}/{number}/boxes/{box}", tags=["labels"])
WRITERS: Final = desk.VOUCHERS[desk.HAND_WRITTEN]
REASON: Final = "no_courier_label"
_PLACE: Final = {"province": "广东省", "city": "深圳市", "district": "南山区", "district_code": "440305"}
EXAMPLE: Final = {
    "order": "web/demo/DEMO000000001",
    "business_no": "7KQ2M4T9XW3F5H8J",
    "box": "7KQ2M4T9XW3F5H8J-box-1",
    "place": "wh-east",
    "parcel": "7KQ2M4T9XW3F5H8J-hand-1",
    "contact_version": 1,
    "sender": {"name": "茶仓", "phone": "075526000000", "address": "仓库路2号", **_PLACE},
    "receiver": {"name": "张三", "phone": "13800138000", "address": "科技园路1号", **_PLACE},
    "units": [{"sku": "TEA-250", "quantity": 2}],
    "collect": {"minor": 19900, "currency": "CNY"},
    "couriers": ["sf", "kuaidi100.yto"],
    "courier": None,
    "waybill": None,
}


class Template(BaseModel, frozen=True, json_schema_extra={"example": EXAMPLE}):
    """What stands on the label of one box."""

    order: Id
    business_no: Id
    box: Id
    place: Id
    parcel: Id = Field(description="Our number for the parcel: written on the box, read by scanners.")
    contact_version: int = Field(description="Which of the order's addresses this is.")
    sender: Contact | None = Field(description="None where nobody said what stands on this place's labels.")
    receiver: Contact = Field(description="Whole: whoever reads it is written down.")
    units: tuple[Units, ...]
    collect: Money | None = Field(description="What the courier takes at the door.")
    couriers: tuple[Id, ...] = Field(description="Those of the order's policy, in the order they are liked.")
    courier: Id | None = Field(description="Of a label that was written already and is printed again.")
    waybill: Id | None


class Written(BaseModel, frozen=True, hide_input_in_errors=True):
    """What a person wrote on a label, and on which one."""

    courier: str
    waybill: str
    parcel: Id
    contact_version: int


@router.get("/template", summary="What to write on a label")
async def template(visitor: Annotated[Visitor, only(*WRITERS)], order_id: OrderId, box: Part, tools: Given) -> Template:
    """For a box that no courier's system gives a label for. It shows a whole address, so it is written down who asks.

    Once there is a waybill, vouch for `parcel_labelled` with `parcel`, `box`, `courier`, `waybill`, `contact_version`.
    """
    return await template_of(tools, visitor, order_id, box)


async def template_of(tools: Tools, visitor: Visitor, order_id: Id, box_id: Id) -> Template:
    """For this visitor's eyes. Raises: Missing; Refused with the reason why nobody should write one."""
    order, box = await _to_label(tools, visitor, order_id, box_id)
    receiver = await tools.contacts.get(order.id, order.contact_version)
    sender = await _sender(tools, box.place)
    await tools.audit.note(visitor.name, visitor.role, "read.template", order.id)
    return _filled(order, box, sender, receiver)


async def write(tools: Tools, visitor: Visitor, order_id: Id, box_id: Id, said: Written) -> None:
    """Told to the order as this visitor's word. Its parcel is the fact's number: the first word about it stands.

    Raises: Missing; Refused("other_fact"), or with the reason; Problem 422; 409 if the paper is not right any more.
    """
    order, box = await _to_label(tools, visitor, order_id, box_id)
    if labels.written(order, box):
        raise Refused("box_has_a_label")
    if (said.parcel, said.contact_version) != (labels.number(order, box), order.contact_version):
        raise Problem(409, "expired_form")
    fact = desk.Vouched(
        kind=desk.HAND_WRITTEN, at=now(), reason=REASON, body={"box": box.id, **said.model_dump(mode="json")}
    )
    await desk.vouch(visitor, order.id, fact, tools, f"desk-{said.parcel}")


async def _to_label(tools: Tools, visitor: Visitor, order_id: Id, box_id: Id) -> tuple[Order, Box]:
    order = (await known_of(tools, seen_by(visitor, order_id))).order
    box = next((box for box in order.boxes if box.id == box_id), None)
    if box is None:
        raise Missing("box_unknown")
    if code := labels.refusal(order, box):
        raise Refused(code)
    return order, box


async def _sender(tools: Tools, place: Id) -> Contact | None:
    """Why not refused without one: it may be why no courier takes the box, and the box has to leave."""
    try:
        return await tools.boxes.sender(place)
    except Missing:
        return None


def _filled(order: Order, box: Box, sender: Contact | None, receiver: Contact) -> Template:
    known = labels.written(order, box)
    return Template(
        order=order.id,
        business_no=order.business_no,
        box=box.id,
        place=box.place,
        parcel=known.id if known else labels.number(order, box),
        contact_version=order.contact_version,
        sender=sender,
        receiver=receiver,
        units=box.units,
        collect=labels.to_collect(order, box),
        couriers=order.policy.couriers,
        courier=known.courier if known else None,
        waybill=known.waybill if known else None,
    )

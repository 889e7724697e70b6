"""What a person may say stands on a label: one check, for the page and for whoever vouches for the fact."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, JsonValue, StringConstraints, ValidationError

from api.errors import Fault, Problem, of_validation
from models.noun import Id
from models.order import Order

UNDER = ("body",)
Waybill = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=6, max_length=30, pattern="^[A-Za-z0-9]+$")
]


class _Written(BaseModel, frozen=True, hide_input_in_errors=True):
    box: Id
    courier: Id
    waybill: Waybill


def read(order: Order, body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The same, its waybill as scanners read it. Raises: Problem 422: no waybill; box or courier not the order's.

    Why: what passes here is printed, scanned and asked about; a slip of the pen is found when the parcel is lost.
    """
    try:
        written = _Written.model_validate(body)
    except ValidationError as error:
        raise of_validation(error, UNDER) from None
    _one_of(written.box, [box.id for box in order.boxes], "box")
    _one_of(written.courier, order.policy.couriers, "courier")
    return {**body, **written.model_dump()}


def _one_of(word: Id, known: Sequence[Id], field: str) -> None:
    if word not in known:
        named = f"must be one of {', '.join(known)}"
        raise Problem(422, "invalid", errors=[Fault(pointer=f"#/body/{field}", detail=named, code="enum")])

"""What a person may say stands on a label: one check, for the page and for whoever vouches for the fact."""

from collections.abc import Mapping
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
    courier: Id
    waybill: Waybill


def read(order: Order, body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The same, its waybill as scanners read it. Raises: Problem 422: no waybill, or a courier the order has not.

    Why: what passes here is printed, scanned and asked about; a slip of the pen is found when the parcel is lost.
    """
    try:
        written = _Written.model_validate(body)
    except ValidationError as error:
        raise of_validation(error, UNDER) from None
    if written.courier not in order.policy.couriers:
        named = f"must be one of {', '.join(order.policy.couriers)}"
        raise Problem(422, "invalid", errors=[Fault(pointer="#/body/courier", detail=named, code="enum")])
    return {**body, **written.model_dump()}

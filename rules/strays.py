"""What becomes of a parcel that nobody expected."""

from typing import Final

from models.errors import Refused
from models.fact import GoodsArrived, Telling
from models.rma import Return, ReturnStage
from models.stage import Source
from models.stray import Stray
from rules import return_stages as stages

SENT_ON: Final = "sent_on"  # 退回寄件人
BECAUSE: Final = (SENT_ON, "not_ours", "given_back", "thrown_away", "kept_by_mistake")


def must_expect_it(matter: Return) -> None:
    """Raises: Refused with why no parcel can be this return's."""
    if ReturnStage.ARRIVED not in stages.SPINES[matter.kind]:
        raise Refused("nothing_comes_back")
    if stages.is_stopped(matter):
        raise Refused("return_is_over")
    if stages.goods_at(matter):
        raise Refused("arrived_already")


def arrival(stray: Stray) -> Telling:
    """What its return is told, as if it had been scanned for it when it came."""
    kind = GoodsArrived.model_fields["kind"].default
    body = {"place": stray.place, "by": stray.by}
    return Telling(kind=kind, source=Source.WAREHOUSE, id=f"{stray.id}.{kind}", at=stray.arrived_at, body=body)

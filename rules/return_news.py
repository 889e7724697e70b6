"""What a return tells its order of itself."""

from models.fact import ReturnTold, Telling
from models.refund import Portion
from models.returns import AfterSale
from models.rma import Return, ReturnRecord, ReturnStage
from models.stage import Source
from rules import return_stages as stages

ENDS = (ReturnStage.REFUNDED, ReturnStage.REPLACED, ReturnStage.BY_HAND)


def news(matter: Return) -> dict[str, object]:
    """Told again when it changes, and never else."""
    parts = matter.assessed.parts if matter.assessed else ()
    portions = [Portion(transaction=part.transaction, amount=part.amount) for part in parts]
    return {
        "return_id": matter.id,
        "standing": standing(matter).value,
        "ends_in": matter.kind.value,
        "why": matter.why.value,
        "claims": [claim.model_dump(mode="json") for claim in matter.claims],
        "asked_at": matter.received_at.isoformat(),
        "parts": [portion.model_dump(mode="json") for portion in portions],
    }


def standing(matter: Return) -> AfterSale:
    """How far it is, in the words of its order."""
    if stages.is_stopped(matter):
        return AfterSale.OVER
    if stages.stage_of(matter) in ENDS:
        return AfterSale.DONE
    if matter.assessed:
        return AfterSale.GIVEN
    is_its_own = ReturnStage.TRIGGERED in stages.walked(matter) or stages.next_of(matter) is ReturnStage.REPLACED
    return AfterSale.TRIGGERED if is_its_own else AfterSale.OPEN


def telling(record: ReturnRecord) -> Telling:
    """The same as the order hears it."""
    matter = record.matter
    body = {**news(matter), "version": matter.version}
    at = record.told_at or matter.received_at
    number, kind = f"{matter.id}.{matter.version}", ReturnTold.model_fields["kind"].default
    return Telling(kind=kind, source=Source.HOUSE, id=number, at=at, body=body)

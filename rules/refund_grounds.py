"""On what the refund of a return rests, as far as it is known."""

from models.bargain import NOTHING
from models.fact import GoodsArrived, GoodsInspected
from models.noun import Money
from models.refund import Grounds
from models.returns import Kind
from models.rma import Return
from rules import gradings, parcels, refund_wear, return_labels
from rules.return_stages import told


def grounds(matter: Return) -> Grounds:
    """What inspection found, where goods came back; else what was claimed."""
    seen = inspected(matter)
    return Grounds(
        kind=matter.kind,
        why=matter.why,
        fault=seen.fault if seen else None,
        units=gradings.within(matter.claims, seen.graded) if seen else matter.claims,
        decided=matter.amount,
        seen=matter.goods,
        label=_label(matter),
    )


def inspected(matter: Return) -> GoodsInspected | None:
    """The last look at goods whose money is to go back."""
    return told(matter, GoodsInspected) if matter.kind is Kind.RETURN else None


def is_empty(matter: Return) -> bool:
    """Somebody looked, and nothing of what was sold had come."""
    known = grounds(matter)
    return inspected(matter) is not None and all(refund_wear.is_absent(known, units) for units in known.units)


def is_otherwise(matter: Return) -> bool:
    """Somebody looked, and it is not all there as it went."""
    seen = inspected(matter)
    return seen is not None and not gradings.is_whole(matter.claims, seen.graded)


def _label(matter: Return) -> Money:
    """What a label of ours costs, where the goods came with it."""
    parcel = return_labels.live(matter)
    is_used = parcel is not None and not parcels.is_void(matter, parcel) and told(matter, GoodsArrived) is not None
    return matter.terms.label if is_used else NOTHING

"""What a request becomes: judged, weighed, and with the people named who must agree."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from models.approval import HOUSE
from models.asking import NewReturn
from models.errors import Refused
from models.noun import Id, Money
from models.order import Order
from models.refund import Before, Grounds
from models.return_policy import Goods, Judgement, ReturnPolicy
from models.returns import Beside, Claim, Kind, LineSeen, Wanted, Why
from models.rma import Denied, Return
from rules import approvals, refund_shares, return_days, return_labels, return_policy


def must_be_left(order: Order, new: NewReturn, gone: Mapping[int, int]) -> None:
    """Nobody asks back what they did not buy, or twice; a compensation takes none of it.

    Raises: Refused("more_than_bought").
    """
    is_taken, claimed = new.kind is not Kind.COMPENSATION, dict[int, int]()
    for claim in new.claims:
        claimed[claim.line] = claimed.get(claim.line, 0) + claim.quantity
    for line, quantity in claimed.items():
        if line >= len(order.lines) or quantity + gone.get(line, 0) * is_taken > order.lines[line].quantity:
            raise Refused("more_than_bought")


def seen(order: Order, policy: ReturnPolicy, gone: Mapping[int, int]) -> tuple[LineSeen, ...]:
    """What is known of each line by the beginning of its number, and how much of it is gone."""
    known = [(nth, _goods(line.sku, policy), gone.get(nth, 0)) for nth, line in enumerate(order.lines)]
    lines = [LineSeen(line=nth, category=its.category, is_final=its.is_final, gone=units) for nth, its, units in known]
    return tuple(line for line in lines if line != LineSeen(line=line.line))


def _goods(sku: Id, policy: ReturnPolicy) -> Goods:
    fitting = [goods for goods in policy.goods if sku.startswith(goods.starts)]
    return max(fitting, key=lambda goods: len(goods.starts), default=Goods(starts=sku))


def made(order: Order, new: NewReturn, beside: Beside, asked: tuple[datetime, int], policy: ReturnPolicy) -> Return:
    """`asked`: when, and the how manieth of its order."""
    at, nth = asked
    said = {"kind": new.kind, "why": new.why, "grade": new.grade, "instead": new.instead}
    wanted = Wanted(**said, claims=_one_each(new.claims), asked_at=at)
    number = f"{order.business_no}-R{nth}"
    return Return(
        id=number,
        business_no=number,
        order=order.id,
        kind=new.kind,
        why=new.why,
        claims=wanted.claims,
        asked_by=new.by,
        way=new.way,
        note_id=new.note_id,
        urgent=new.urgent,
        judgement=return_policy.judge(order, wanted, beside, policy),
        steps=(HOUSE,),
        amount=new.sum or Money(minor=0, currency=order.total.currency),
        received_at=at,
        contact_version=order.contact_version,
        policy=order.policy,
        freely=policy.freely,
        patience=policy.patience,
        terms=policy.terms,
        denied=denied(order, wanted, policy),
        service=policy.service,
        offset=return_days.offset_of(at, policy.zone),
        instead=new.instead,
        back=return_labels.way_back(order, number, wanted, policy.labels),
        goods=tuple(line.model_copy(update={"gone": 0}) for line in beside.lines if line.category or line.is_final),
    )


def denied(order: Order, wanted: Wanted, policy: ReturnPolicy) -> Denied | None:
    """A signature of a moment ago that proves nothing, for goods that the customer says did not come."""
    skus = [order.lines[claim.line].sku for claim in wanted.claims if claim.line < len(order.lines)]
    told = return_days.unproven(order, skus, policy.proofs) if wanted.why is Why.NOT_RECEIVED else None
    is_fresh = told and wanted.asked_at - told[1] <= policy.patience.denied_within
    return Denied(courier=told[0], signed_at=told[1]) if told and is_fresh else None


def weighed(made: Return, order: Order, before: Before, beside: Beside, policy: ReturnPolicy) -> Return:
    """What goes back if everything is as claimed, and who must agree to that."""
    amount = _sum(made.kind, made, order, before)
    wanted = Wanted(kind=made.kind, why=made.why, claims=made.claims, asked_at=made.received_at)
    categories = return_policy.categories_of(order, wanted, beside, policy)
    stake = _at_stake(made, order, before)
    steps, shown = (
        approvals.wanted(policy, one, stake, categories) for one in (made.judgement, _shown(made.judgement))
    )
    if_shown = shown == (HOUSE,) and steps != shown
    return made.model_copy(update={"amount": amount, "steps": steps, "if_shown": if_shown})


def _shown(judgement: Judgement) -> Judgement:
    """What would be said of it with a picture."""
    verdicts = [(one, one.because == return_policy.UNSHOWN) for one in judgement.verdicts]
    calm = (one.model_copy(update={"is_for_person": False}) if is_bare else one for one, is_bare in verdicts)
    return Judgement(verdicts=tuple(calm))


def _at_stake(made: Return, order: Order, before: Before) -> Money:
    """Goods that are sent anew are worth what the first ones cost; of what we ourselves sent wrong nobody asks."""
    is_ours = made.judgement.decisive is not None and made.judgement.decisive.rule == return_policy.WRONG_ITEM
    is_money = is_ours or made.kind not in refund_shares.NO_MONEY
    return _sum(made.kind if is_money else Kind.RETURN, made, order, before)


def _sum(kind: Kind, made: Return, order: Order, before: Before) -> Money:
    grounds = Grounds(kind=kind, why=made.why, units=made.claims, decided=made.amount, seen=made.goods)
    shares = refund_shares.shares(order, order.bargain, made.terms, grounds, before)
    return Money(minor=refund_shares.refund(shares), currency=order.total.currency)


def _one_each(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    units = dict[int, int]()
    for claim in claims:
        units[claim.line] = units.get(claim.line, 0) + claim.quantity
    return tuple(Claim(line=line, quantity=quantity) for line, quantity in sorted(units.items()))

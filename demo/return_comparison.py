"""What was asked back: the books of the shop's counter, of the warehouse and of both providers against our records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo.town import Town
from models.errand import State, What
from models.fact import GoodsInspected, GoodsSentBack
from models.matter import Matter
from models.returns import Why
from models.rma import Return, ReturnRecord
from rules import return_stages as stages
from world.return_bench import Bench
from world.returns import Counter

Returns = Mapping[str, ReturnRecord]  # by their numbers


@dataclass(frozen=True)
class Line:
    """One thing that both sides wrote down."""

    order: str
    what: str
    theirs: object
    ours: object

    @property
    def agrees(self) -> bool:
        """Both say the same."""
        return self.theirs == self.ours


def compared_returns(town: Town, counter: Counter, bench: Bench, returns: Returns) -> list[Line]:
    """Everything that both sides can know of each return, and of all that went back."""
    asked = sorted(one.number for one in counter.books.asked if one.number)
    lines = [Line("all", "returns asked for", asked, sorted(returns))]
    for record in returns.values():
        lines += _return(town, counter, bench, record)
    return lines


def _return(town: Town, counter: Counter, bench: Bench, record: ReturnRecord) -> Iterable[Line]:
    matter = record.matter
    yield Line(matter.id, "it ended", "ended", "ended" if record.is_ended else record.standing.stage.value)
    yield Line(matter.id, "each refund, once", refunded(town, matter.id), sorted(given_back(matter)))
    yield from labels(town, matter.id, matter)
    labelled, own = _sent(counter, matter, is_labelled=True), _sent(counter, matter, is_labelled=False)
    yield Line(matter.id, "waybill of what was sent back", own, _waybill(matter))
    yield Line(matter.id, "label that it came back under", labelled, [w for w in labelled if w in _given(matter)])
    yield Line(matter.id, "what was in the box", _found(bench, matter), _graded(matter))
    not_ours = (
        {"missing"} if matter.why is Why.WRONG_ITEM else {"missing", "another"}
    )  # sent another, they send it back
    if (found := _found(bench, matter)) and {grade for _, _, grade in found} <= not_ours:
        yield Line(matter.id, "money for what did not come back", sum(fen for _, fen in refunded(town, matter.id)), 0)
    decided = sum(part.amount.minor for part in matter.assessed.parts) if matter.assessed else 0
    by_hand = sum(errand.amount.minor for errand in stages.given_up(matter) if errand.amount)
    yield Line(matter.id, "money decided", sum(fen for _, fen in refunded(town, matter.id)) + by_hand, decided)


def given_back(matter: Return) -> list[tuple[str, int]]:
    """Our number of each refund that its provider is known to have given, and how much. Units: fen."""
    done = [errand for errand in matter.errands if errand.what is What.REFUND and errand.state is State.DONE]
    return [(errand.number, errand.amount.minor) for errand in done if errand.amount]


def refunded(town: Town, number: str) -> list[tuple[str, int]]:
    """The same by the providers' books: every one that was really done, also where it was done twice."""
    return sorted((key, fen) for key, fen in every_refund(town) if key.startswith(f"{number}-"))


def every_refund(town: Town) -> list[tuple[str, int]]:
    """Our number of it, and how much. Units: fen."""
    wechat = [(one.out_refund_no, one.refund) for one in town.wechat.books.refunds if one.status == "SUCCESS"]
    trades = [trade for bill in town.alipay.books.bills.values() for trade in bill.trades]
    alipay = [(one.out_request_no, one.amount) for trade in trades for one in trade.refunds]
    return wechat + [(number.replace("_", "-"), fen) for number, fen in alipay]  # they know no dash


def labels(town: Town, number: str, matter: Matter) -> Iterable[Line]:
    """Every label that anybody sold us for it, under our own number, and how many of them are void."""
    sf = [(label.order_id, label.is_void) for label in town.sf.books.labels]
    kuaidi = [(label.order_id, label.is_void) for label in town.kuaidi.books.labels]
    bought = [is_void for key, is_void in (*sf, *kuaidi) if key.startswith(f"{matter.business_no}-{What.LABEL}-")]
    yield Line(number, "labels bought", len(bought), done(matter, What.LABEL))
    yield Line(number, "labels void", sum(bought), done(matter, What.VOID))


def done(matter: Matter, what: What) -> int:
    """How often something was done, by our own record."""
    return sum(errand.what is what and errand.state is State.DONE for errand in matter.errands)


def _sent(counter: Counter, matter: Return, *, is_labelled: bool) -> list[str]:
    mine = [parcel for parcel in counter.books.sent if parcel.number == matter.id]
    return [parcel.waybill for parcel in mine if parcel.is_labelled is is_labelled]


def _given(matter: Return) -> list[str | None]:
    return [errand.reference for errand in matter.errands if errand.what is What.LABEL]


def _waybill(matter: Return) -> list[str]:
    return [fact.waybill for fact in matter.facts if isinstance(fact, GoodsSentBack)]


def _found(bench: Bench, matter: Return) -> list[tuple[int, int, str]]:
    return [row for box in bench.books.inspected if box.number == matter.id for row in box.graded]


def _graded(matter: Return) -> list[tuple[int, int, str]]:
    seen = [fact for fact in matter.facts if isinstance(fact, GoodsInspected)]
    return [(one.line, one.quantity, one.grade.value) for fact in seen for one in fact.graded]

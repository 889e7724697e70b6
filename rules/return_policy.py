"""Whether a return is within the shop's policy: ranked rules, each of which decides or abstains, and says why.

Like the days they count, these are for a hand or the door: judged once, and remembered with the numbers they read.
"""

from collections import Counter
from collections.abc import Callable

from models.noun import Id
from models.order import Order
from models.return_policy import Freely, Judgement, ReturnPolicy
from models.returns import Beside, Fault, Grade, Kind, Verdict, Wanted, Why
from rules import payments, return_days, return_windows, undoing, wishes
from rules.faults import fault_of
from rules.refund_shares import NO_MONEY
from rules.return_asking import Asking, Says, claimed, is_freely
from rules.return_goods import are_alike, is_just_sent_wrong, is_still_here, undelivered

BACK = (Kind.RETURN, Kind.EXCHANGE)  # the goods come back
UNSHOWN = "pictures_wanted"  # all that a picture can answer
WRONG_ITEM = "wrong_item"  # the one rule after which no amount asks for a person
TOUCHED = (Grade.OPENED, Grade.WORN, Grade.DAMAGED)


def judge(order: Order, wanted: Wanted, beside: Beside, policy: ReturnPolicy) -> Judgement:
    """Every rule is heard, for the explanation; the first in rank that does not abstain decides."""
    asking = Asking(order, wanted, beside, policy)
    return Judgement(verdicts=tuple(Verdict(rule=name, **rule(asking)._asdict()) for name, rule in RULES))


def categories_of(order: Order, wanted: Wanted, beside: Beside, policy: ReturnPolicy) -> tuple[Id, ...]:
    """Of the lines that are claimed: approval asks for them."""
    named = [part.seen.category for part in claimed(Asking(order, wanted, beside, policy))]
    return tuple(dict.fromkeys(category for category in named if category))


def _claims(asking: Asking) -> Says:
    lines = [claim.line for claim in asking.wanted.claims]
    if not lines and asking.wanted.kind is not Kind.COMPENSATION:
        return Says("nothing_claimed", is_allowed=False)
    unknown = next((line for line in lines if line >= len(asking.order.lines)), None)
    if unknown is not None:
        return Says("line_unknown", is_allowed=False, line=unknown)
    twice = next((line for line, times in Counter(lines).items() if times > 1), None)
    return Says("lines_known") if twice is None else Says("line_twice", is_allowed=False, line=twice)


def _quantity(asking: Asking) -> Says:
    """Never more than was bought, over all returns; compensation takes no units."""
    is_taken = asking.wanted.kind is not Kind.COMPENSATION
    for part in claimed(asking):
        if part.claim.quantity + part.seen.gone * is_taken > part.line.quantity:
            return Says("more_than_bought", is_allowed=False, line=part.claim.line)
    return Says("enough_bought")


def _paid(asking: Asking) -> Says:
    order = asking.order
    if wishes.is_stopped(order):
        return Says("order_stopped", is_allowed=False)
    if order.replaces:
        is_goods = asking.wanted.kind in NO_MONEY
        return Says("paid_before") if is_goods else Says("money_is_with_the_first", is_allowed=False)
    if undoing.given(order) > undoing.refund_due(order):
        return Says("money_went_back", is_for_person=True)
    if order.payments:
        return Says("paid")
    if payments.is_prepaid(order):
        return Says("not_paid", is_allowed=False)
    is_plain = is_just_sent_wrong(asking) and undelivered(asking) is None  # who has it has paid at the door
    return Says("not_settled", is_for_person=not is_plain)


def _fits(asking: Asking) -> Says:
    wanted = asking.wanted
    if wanted.why is Why.NOT_RECEIVED and wanted.kind in BACK:
        return Says("nothing_to_send_back", is_allowed=False)
    if is_still_here(asking):
        return Says("not_sent_yet")
    is_kept = fault_of(wanted.why) is Fault.CUSTOMER and wanted.kind not in BACK
    return Says("goods_must_come_back", is_allowed=False) if is_kept else Says("fits")


def _wrong_item(asking: Asking) -> Says:
    """A moment ago it left, and it was the wrong thing: the right one goes at once, whatever a courier still says."""
    return (
        Says("sent_wrong_just_now", is_allowed=True) if is_just_sent_wrong(asking) else Says("not_sent_wrong_just_now")
    )


def _delivered(asking: Asking) -> Says:
    if asking.wanted.why is Why.NOT_RECEIVED or asking.wanted.kind is Kind.COMPENSATION:
        return Says("need_not_be_there")
    if is_still_here(asking):
        return Says("not_sent_yet")
    line = undelivered(asking)
    return Says("delivered") if line is None else Says("not_delivered", is_allowed=False, line=line)


def _final_sale(asking: Asking) -> Says:
    """A fault is a fault, whatever was said at the sale."""
    final = [part.claim.line for part in claimed(asking) if part.seen.is_final] if is_freely(asking) else []
    return Says("final_sale", is_allowed=False, line=final[0]) if final else Says("not_final")


def _category(asking: Asking) -> Says:
    for part in claimed(asking) if is_freely(asking) else []:
        if part.terms.freely is Freely.NEVER:
            return Says("category_never_freely", is_allowed=False, line=part.claim.line)
        if part.terms.freely is Freely.UNOPENED and asking.wanted.grade in TOUCHED:
            return Says("seal_broken", is_allowed=False, line=part.claim.line)
    return Says("category_allows")


def _condition(asking: Asking) -> Says:
    """By the customer's own words: opened to look at is as good as new, used is not. Inspection has the last word."""
    grade = asking.wanted.grade
    if not is_freely(asking) or grade in (None, Grade.AS_NEW, Grade.OPENED):
        return Says("condition_allows")
    return Says("used" if grade is Grade.WORN else "not_what_we_sold", is_allowed=False)


def _not_received(asking: Asking) -> Says:
    """Never decided by rules: somebody asks the courier."""
    if asking.wanted.why is not Why.NOT_RECEIVED:
        return Says("received")
    skus = [part.line.sku for part in claimed(asking)]
    if all(return_days.handed_over_at(asking.order, sku, asking.policy.proofs) for sku in skus):
        return Says("signed_with_proof", is_for_person=True)
    is_signed = any(return_days.with_customer(asking.order, sku) for sku in skus)
    return Says("signed_without_proof" if is_signed else "on_its_way", is_for_person=True)


def _pictures(asking: Asking) -> Says:
    is_shown = asking.wanted.why in asking.policy.shown and not is_just_sent_wrong(asking)
    is_bare = is_shown and not asking.wanted.pictures
    return Says("pictures_wanted", is_for_person=True) if is_bare else Says("pictures_enough")


def _health(asking: Asking) -> Says:
    is_unwell = asking.wanted.why is Why.UNWELL
    return Says("health", is_for_person=True) if is_unwell else Says("no_harm")


def _compensation(asking: Asking) -> Says:
    is_asked = asking.wanted.kind is Kind.COMPENSATION
    return Says("compensation", is_for_person=True) if is_asked else Says("no_compensation")


def _instead(asking: Asking) -> Says:
    """Another size or colour costs the same, where the shop says so; of anything else a person knows what it costs."""
    named, lines = {part.claim.line: part.line.sku for part in claimed(asking)}, asking.wanted.instead
    other = [(named.get(wanted.line, ""), wanted) for wanted in lines if wanted.sku != named.get(wanted.line)]
    unlike = [wanted.line for sku, wanted in other if not are_alike(asking.policy, sku, wanted.sku)]
    if unlike:
        return Says("another_thing", is_for_person=True, line=unlike[0])
    return Says("like_for_like" if other else "the_same_thing")


def _history(asking: Asking) -> Says:
    """Many returns are no guilt: a person looks."""
    is_often = asking.beside.returns_lately + 1 >= asking.policy.returns
    return Says("returns_often", is_for_person=True) if is_often else Says("returns_seldom")


RULES: tuple[tuple[Id, Callable[[Asking], Says]], ...] = (
    ("claims", _claims),
    ("quantity", _quantity),
    ("paid", _paid),
    ("fits", _fits),
    (WRONG_ITEM, _wrong_item),
    ("delivered", _delivered),
    ("final_sale", _final_sale),
    ("category", _category),
    ("condition", _condition),
    ("not_received", _not_received),
    ("pictures", _pictures),
    ("health", _health),
    ("compensation", _compensation),
    ("instead", _instead),
    ("history", _history),
    ("window", return_windows.window),
)

"""Which wording templates fit a return: the likely one first, so that one press is enough."""

from dataclasses import dataclass
from typing import Final

from api.return_words import WORDINGS, Use
from models.noun import Id
from models.returns import Kind
from models.rma import Return

OF_KIND: Final = {
    Kind.RETURN: "approve_return",
    Kind.REFUND_ONLY: "approve_refund",
    Kind.EXCHANGE: "approve_exchange",
    Kind.RESHIP: "approve_reship",
    Kind.COMPENSATION: "approve_compensation",
}
FAVOUR: Final = "approve_as_favour"
BECAUSE: Final = {  # what a rule said, and the template that says it to the customer
    "window_over": "refuse_too_late",
    "used": "refuse_used",
    "not_what_we_sold": "refuse_used",
    "category_never_freely": "refuse_category",
    "seal_broken": "refuse_category",
    "final_sale": "refuse_final_sale",
    "more_than_bought": "refuse_already_refunded",
    "money_went_back": "refuse_already_refunded",
    "pictures_wanted": "refuse_not_shown",
    "signed_with_proof": "refuse_received",
}
ASKING: Final = tuple(word for word, wording in WORDINGS.items() if wording.use is Use.ASK)
REFUSING: Final = tuple(
    word for word, wording in WORDINGS.items() if wording.use is Use.REFUSE and word != "refuse_goods"
)


@dataclass(frozen=True)
class Wordings:
    """To choose from, the likeliest first."""

    agree: tuple[Id, ...]
    refuse: tuple[Id, ...]


JUDGING: Final = Wordings(("approve_goods", FAVOUR), ("refuse_goods", *REFUSING))


def judging(*, may_pass: bool) -> Wordings:
    """Of goods for money nothing is to be passed: that is finance's word."""
    return JUDGING if may_pass else Wordings((), JUDGING.refuse)


def wordings(matter: Return) -> Wordings:
    """What is agreed to is what was asked for, or a favour; what is refused is refused for what a rule saw."""
    seen = [BECAUSE[verdict.because] for verdict in matter.judgement.verdicts if verdict.because in BECAUSE]
    return Wordings((OF_KIND[matter.kind], FAVOUR), tuple(dict.fromkeys((*seen, *REFUSING))))

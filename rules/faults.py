"""Whose a reason is: who carries the freight, and for how long the reason counts."""

from models.returns import Fault, Why

OF_THE_CUSTOMER = (Why.NO_REASON, Why.WRONG_SIZE)
OF_THE_COURIER = (Why.DAMAGED_IN_TRANSIT, Why.NOT_RECEIVED)


def fault_of(why: Why) -> Fault:
    """As it is asked for; inspection may find otherwise. What the customer need not answer for is the shop's."""
    if why in OF_THE_CUSTOMER:
        return Fault.CUSTOMER
    return Fault.COURIER if why in OF_THE_COURIER else Fault.SHOP

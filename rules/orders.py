"""The rulebook of orders."""

from models.order import Order, Standing
from models.wish import Cancel
from rules import deadlines, endings, holds, learning, permissions, undoing, wishes
from rules.rulebook import Rulebook

ORDERS = Rulebook[Order, Standing](
    hear=learning.hear,
    find_out=learning.find_out,
    refusal=permissions.refusal,
    granted=wishes.granted,
    weighed=holds.weighed,
    judged=deadlines.judged,
    is_stopped=wishes.is_stopped,
    unwanted=undoing.unwanted,
    may_end=endings.may_end,
    ladder=deadlines.LADDER,
    stop=Cancel(by="temporal-ui"),
)

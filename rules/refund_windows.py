"""Until when a provider gives money back by itself; beyond it, people do."""

from datetime import datetime, timedelta

from models.noun import Id
from models.rma import Part

TOO_LATE: Id = "too_late_to_refund"
# WeChat Pay takes no refund of a payment older than a year; Alipay says so itself (TRADE_FINISHED), by its contract.
# Source: WeChat Pay, CloudPay.refund, https://bookstack.cn/read/miniprogram-guide-20210305, read 2026-11-23.
WITHIN = {"wechat": timedelta(days=365)}


def is_over(part: Part, now: datetime) -> bool:
    """Nobody there needs to be asked."""
    within = WITHIN.get(part.party)
    return within is not None and part.paid_at is not None and now >= part.paid_at + within

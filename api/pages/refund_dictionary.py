"""The words of the finance page, and why finance holds or refuses a refund."""

from typing import Final

from api.return_words import MONEY_BECAUSE, Words

REASONS: Final = tuple(word for word in MONEY_BECAUSE if word not in {"looked_at", "asked"})  # to choose from
REFUNDS: Final[Words] = {
    "refunds": ("Refunds", "退款放款"),
    "refunds.short": ("Refunds", "放款"),
    "refunds.due": ("due", "待放款"),
    "refunds.triggered": ("under way", "退款中"),
    "refunds.refunded": ("refunded", "已退款"),
    "refunds.none": ("Nothing here: nobody waits for money.", "没有等待放款的退款。"),
    "refunds.none.triggered": ("No refund is under way.", "没有正在处理的退款。"),
    "refunds.none.refunded": ("Nothing was refunded yet.", "还没有已完成的退款。"),
    "refunds.go": ("Let it go", "放款"),
    "refunds.go_all": ("Let all ticked go", "勾选项放款"),
    "refunds.hold": ("Hold", "暂缓"),
    "refunds.release": ("Release", "解除暂缓"),
    "refunds.refuse": ("Refuse", "拒绝退款"),
    "refunds.ticked": ("With the ticked ones", "对勾选项"),
    "refunds.tick": ("tick", "勾选"),
    "refunds.tick_all": ("all", "全选"),
    "refunds.nothing_ticked": ("Nothing is ticked.", "没有勾选任何退款。"),
    "refunds.granted": ("done", "已执行"),
    "refunds.refused": ("refused", "被拒绝"),
    "refunds.unanswered": ("no answer", "无应答"),
    "refunds.count": ("refunds", "笔退款"),
    "refunds.count.one": ("refund", "笔退款"),
    "refunds.waits": ("waits", "已等待"),
    "refunds.agreed_by": ("agreed to by", "审批人"),
    "refunds.asked_by": ("asked by", "申请人"),
    "refunds.let_go_by": ("let go by", "放款人"),
    "refunds.done_at": ("back at", "到账"),
    "refunds.held_by": ("held", "已暂缓"),
    "refunds.stuck": ("stuck", "已卡住"),
    "refunds.yours": ("you asked or agreed: somebody else must", "您是申请人或审批人，须由他人放款"),
    "refunds.look": ("Look twice", "留意"),
    "refunds.sure_refuse": ("Refuse these refunds? It cannot be taken back.", "确定拒绝这些退款吗？无法撤回。"),
    "refunds.together": ("together", "合计"),
    "refunds.late": ("overdue", "已超时"),
    **{f"money_because.{name}": row for name, row in MONEY_BECAUSE.items()},
}

"""Every word of ours about returns that people see, in two languages. A word that is missing here fails a test."""

from typing import Final

RETURNS: Final = {
    "deadline.undecided": ("somebody to decide on a return", "退货待审批"),
    "deadline.not_sent_back": ("the goods to be sent back", "待买家寄回"),
    "deadline.not_arrived": ("the goods to arrive", "退货在途"),
    "deadline.uninspected": ("inspection", "退货验货"),
    "deadline.little": ("a small refund to go by itself", "小额自动退款"),
    "deadline.untriggered": ("finance to let the money go", "财务放款"),
    "deadline.unassessed": ("how much goes back", "核定退款金额"),
    "deadline.by_hand_refund": ("a refund by hand", "人工退款"),
    "deadline.goods_without_return": ("goods that came without a return", "有货无退货单"),
    "deadline.graded_otherwise": ("goods that nobody asked back", "退回与申请不符"),
    "return_stage.by_hand": ("by hand", "人工退款"),
    "return_stage.asked": ("asked", "已申请"),
    "return_stage.approved": ("approved", "已同意"),
    "return_stage.sent_back": ("sent back", "已寄回"),
    "return_stage.arrived": ("arrived", "已到仓"),
    "return_stage.due": ("refund due", "待退款"),
    "return_stage.triggered": ("refund under way", "退款中"),
    "return_stage.refunded": ("refunded", "已退款"),
    "return_stage.refused": ("refused", "已拒绝"),
    "return_stage.withdrawn": ("withdrawn", "已撤销"),
    "return_stage.expired": ("lapsed", "逾期关闭"),
}

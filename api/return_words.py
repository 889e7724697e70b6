"""What people read of a return, in English and in Chinese: how it was decided, and why it was judged so."""

from enum import StrEnum
from typing import Final, NamedTuple

Words = dict[str, tuple[str, str]]


class Use(StrEnum):
    """What a wording is for."""

    APPROVE = "approve"
    REFUSE = "refuse"
    ASK = "ask"  # for pictures; nothing is decided


class Wording(NamedTuple):
    """What a customer is told, the same way every time. Only its id travels and is remembered."""

    use: Use
    en: str
    zh: str


WORDINGS: Final[dict[str, Wording]] = {
    "approve_return": Wording(
        Use.APPROVE,
        "Your return is approved. Please send the goods back with the label you receive.",
        "您的退货申请已通过，请使用收到的退货面单寄回商品。",
    ),
    "approve_refund": Wording(
        Use.APPROVE,
        "Your refund is approved; there is nothing to send back.",
        "您的退款申请已通过，无需寄回商品。",
    ),
    "approve_exchange": Wording(
        Use.APPROVE,
        "Your exchange is approved. The new goods leave when the old ones have arrived and were checked.",
        "您的换货申请已通过，旧件寄回并验收后为您发出新件。",
    ),
    "approve_reship": Wording(
        Use.APPROVE,
        "We are sorry. What was missing or wrong is sent again, at no cost to you.",
        "非常抱歉，缺少或发错的商品将免费为您补发。",
    ),
    "approve_goods": Wording(
        Use.APPROVE,
        "What you sent back has arrived and was checked. The new goods are on their way to you.",
        "您寄回的商品已到仓并通过验收，新件已安排发出。",
    ),
    "approve_compensation": Wording(
        Use.APPROVE,
        "We are sorry for the trouble. The compensation goes to you the way you paid.",
        "给您添麻烦了，补偿款将按原支付方式退回。",
    ),
    "approve_as_favour": Wording(
        Use.APPROVE,
        "This is outside our terms; this time we approve it as a favour.",
        "本次申请已超出售后规则，我们特为您破例通过。",
    ),
    "refuse_too_late": Wording(
        Use.REFUSE,
        "The time in which this could be sent back is over.",
        "该商品已超过可申请售后的期限。",
    ),
    "refuse_used": Wording(
        Use.REFUSE,
        "Without a reason, only goods as good as new can be sent back; these show signs of use.",
        "无理由退货须商品完好，该商品已有使用痕迹。",
    ),
    "refuse_category": Wording(
        Use.REFUSE,
        "Goods of this kind cannot be sent back without a reason, as was said before you paid.",
        "该类商品不支持无理由退货，下单前页面已提示。",
    ),
    "refuse_final_sale": Wording(
        Use.REFUSE,
        "This was sold as a final sale, as was said before you paid.",
        "该商品为不退不换商品，下单前页面已提示。",
    ),
    "refuse_already_refunded": Wording(
        Use.REFUSE,
        "These goods are refunded already, or under another return.",
        "该商品已退款，或已在其他售后单处理中。",
    ),
    "refuse_not_shown": Wording(
        Use.REFUSE,
        "The pictures do not show what the request says.",
        "图片未能体现您所反馈的问题。",
    ),
    "refuse_goods": Wording(
        Use.REFUSE,
        "What came back is not as it was agreed; we send it back to you.",
        "寄回的商品与约定不符，我们将原件寄还给您。",
    ),
    "refuse_received": Wording(
        Use.REFUSE,
        "The courier proved that the parcel was handed over.",
        "快递公司已提供有效的签收凭证。",
    ),
    "ask_pictures": Wording(
        Use.ASK,
        "Please send us up to three pictures that show the problem.",
        "请上传最多三张能体现问题的图片。",
    ),
    "ask_label_picture": Wording(
        Use.ASK,
        "Please send us a picture of the parcel with its label.",
        "请上传带有面单的包裹外包装图片。",
    ),
    "ask_clearer_pictures": Wording(
        Use.ASK,
        "The pictures are too dark or too small for us to see it: please send clearer ones.",
        "图片不够清晰，请重新上传清晰的图片。",
    ),
}
BECAUSE: Final[Words] = {
    "nothing_claimed": ("no line of the order is named", "未选择商品"),
    "line_unknown": ("the order has no such line", "订单中没有该商品"),
    "line_twice": ("one line is named twice", "同一商品重复填写"),
    "lines_known": ("the lines are those of the order", "商品属于该订单"),
    "more_than_bought": ("more than was bought and is not yet given back", "数量超过可退数量"),
    "enough_bought": ("not more than was bought", "数量未超过可退数量"),
    "order_stopped": ("the order was cancelled: its money goes back by itself", "订单已取消，款项会自动退回"),
    "money_went_back": ("money of the order went back already", "订单款项已退回过"),
    "paid": ("the order is paid", "订单已付款"),
    "paid_before": ("sent in place of goods that are paid", "属于补发或换货单，原订单已付款"),
    "money_is_with_the_first": (
        "it was sent without a price: money goes back of the first order",
        "补发或换货单无货款，退款请在原订单上申请",
    ),
    "sent_wrong_just_now": ("the wrong thing left a moment ago: the right one follows", "刚发出的订单发错货，立即补发"),
    "not_sent_wrong_just_now": ("not a wrong thing that left a moment ago", "不属于刚发出的错发"),
    "not_paid": ("the order is not paid", "订单未付款"),
    "not_settled": ("the courier has not settled the money yet", "快递代收货款尚未结算"),
    "nothing_to_send_back": ("what was not received cannot be sent back", "未收到的商品无法寄回"),
    "goods_must_come_back": ("without the shop's fault the goods come back", "非商家原因须寄回商品"),
    "fits": ("the request fits its reason", "诉求与原因相符"),
    "not_sent_yet": ("nothing of it has been sent yet", "尚未发货"),
    "need_not_be_there": ("the goods need not have arrived for this", "此类申请无需已签收"),
    "not_delivered": ("it was not delivered yet", "商品尚未签收"),
    "delivered": ("it was delivered", "商品已签收"),
    "final_sale": ("a final sale", "不退不换商品"),
    "not_final": ("no final sale stands in the way", "不受不退不换限制"),
    "category_never_freely": ("goods of this kind need a reason", "该类商品不支持无理由退货"),
    "seal_broken": ("goods of this kind need a reason once opened", "该类商品拆封后不支持无理由退货"),
    "category_allows": ("the kind of goods allows it", "商品类目支持"),
    "condition_allows": ("the condition allows it", "商品状态符合要求"),
    "used": ("the goods were used", "商品已使用"),
    "not_what_we_sold": ("not in the condition in which it was sold", "商品已非出售时的状态"),
    "received": ("it was received", "已收到货"),
    "signed_with_proof": ("signed with proof", "有有效签收凭证"),
    "signed_without_proof": ("signed electronically only", "仅有电子签收，无有效凭证"),
    "on_its_way": ("still on its way", "商品仍在途中"),
    "pictures_wanted": ("a picture would show it, and there is none", "缺少图片凭证"),
    "pictures_enough": ("no picture is missing", "图片凭证齐全或无需图片"),
    "health": ("somebody's health is concerned", "涉及人身健康"),
    "no_harm": ("nobody's health is concerned", "不涉及人身健康"),
    "compensation": ("a person decides on compensation", "补偿须人工决定"),
    "no_compensation": ("no compensation is asked for", "未要求补偿"),
    "another_thing": (
        "something else in exchange, and nobody said that it costs the same",
        "换成其他商品，价格未确认一致",
    ),
    "like_for_like": ("another size or colour of the same thing", "同款换尺码或颜色"),
    "the_same_thing": ("no other thing in exchange", "未换成其他商品"),
    "returns_often": ("many returns of this customer lately", "该客户近期售后次数较多"),
    "returns_seldom": ("few returns of this customer lately", "该客户近期售后次数正常"),
    "no_window": ("no window is set for this reason", "该原因未设置售后期限"),
    "zone_unknown": ("the shop's time zone is not known", "店铺时区设置有误"),
    "long_unproven": ("delivered long ago, and never proven", "签收已久且一直无有效凭证"),
    "window_not_begun": ("the window begins with a proven delivery", "尚无有效签收凭证，期限未起算"),
    "in_window": ("asked for in time", "在售后期限内"),
    "window_over": ("asked for too late", "已超过售后期限"),
}
RISKS: Final[Words] = {
    "new_account": ("a new customer of the shop", "店铺新客户"),
    "returns_often": ("not the first return of this customer lately", "近期多次退货"),
    "signed_not_received": ("signed with proof, and said not to be received", "有签收凭证却称未收到货"),
    "unusual_amount": ("far more than the shop usually gives back", "金额远超店铺平常水平"),
    "another_way": ("goes another way than it was paid", "非原路退回"),
    "moved_after_payment": ("the address was changed after the payment", "付款后修改过地址"),
    "came_otherwise": ("not all of it came back as it went", "退回商品与发出时不一致"),
    "more_than_asked": ("more than was asked for and agreed to", "金额高于申请并审批的金额"),
    "expensive_kept": ("much money, and the goods do not come back", "高金额且不寄回商品"),
}
MONEY_BECAUSE: Final[Words] = {  # why finance gives nothing back, or not yet
    "ask_the_customer": ("the customer must say more", "待买家补充材料"),
    "ask_the_warehouse": ("the warehouse must look again", "待仓库复核"),
    "amount_wrong": ("the amount is not right", "金额有误"),
    "looks_suspicious": ("looks suspicious", "有欺诈嫌疑"),
    "paid_otherwise": ("was given back another way", "已另行退款"),
    "not_owed": ("nothing that we owe", "不属于应退款项"),
    "looked_at": ("looked at", "已核实"),
    "asked": ("somebody asked for it", "应要求"),
}
URGENT: Final[Words] = {
    "hurt": ("somebody is hurt", "受伤"),
    "poisoned": ("poisoned or in hospital", "中毒、就医"),
    "fire": ("fire or smoke", "起火、冒烟"),
    "burn": ("burnt, or an electric shock", "烧焦、触电"),
    "allergy": ("an allergy", "过敏"),
    "leak": ("it leaks", "漏液"),
    "broken": ("it is broken", "破损"),
    "fading": ("the colour comes off", "掉色"),
}
NOT_TO_DECIDE: Final[Words] = {
    "already_decided": ("This was decided already.", "该申请已有处理结果。"),
    "not_your_level": ("This waits for another level to agree.", "该申请须由其他层级审批。"),
    "asked_for_it_yourself": ("You asked for it yourself: somebody else must agree.", "您是申请人，须由他人审批。"),
    "second_pair_of_eyes": (
        "You agreed already: this step wants a second pair of eyes.",
        "您已审批过，此步须由他人审批。",
    ),
}


def said(word: str) -> tuple[str, str] | None:
    """What a word of a decision, a hold or a refusal says; None: a word that nobody wrote down."""
    wording = WORDINGS.get(word)
    return (wording.en, wording.zh) if wording else MONEY_BECAUSE.get(word)

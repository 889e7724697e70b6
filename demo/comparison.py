"""Their books against ours, order by order. Our own tables are no witness for us."""

from collections import Counter
from collections.abc import Iterable, Mapping

from demo.return_comparison import Line, Returns, done, every_refund, given_back, labels
from demo.town import Town
from models.errand import State, What
from models.order import Order, Record
from models.rma import ReturnStage
from models.stage import ENDED, Stage
from rules.parcels import is_out
from rules.wishes import is_stopped
from world.shop import Shop
from world.warehouse import Warehouse


def compared(
    town: Town, shop: Shop, warehouse: Warehouse, records: Mapping[str, Record], returns: Returns | None = None
) -> list[Line]:
    """Everything that both sides can know of each order."""
    back = _by_order(returns or {})
    total = sum(map(_given_back, (record.order for record in records.values()))) + sum(back.values())
    lines = [Line("all", "every refund", sum(fen for _, fen in every_refund(town)), total)]
    for number in shop.books.placed:
        record = records.get(f"web/{shop.settings.shop}/{number}")
        if record is None:
            lines.append(Line(number, "the order itself", "placed", "unknown"))
        else:
            lines += _order(town, shop, warehouse, record, back[record.order.id])
    for record in records.values():
        if record.order.replaces:
            lines += _order(town, shop, warehouse, record, back[record.order.id])
    return [*lines, *_sent_anew(records, returns or {})]


def _sent_anew(records: Mapping[str, Record], returns: Returns) -> Iterable[Line]:
    """One order for each return that ends in goods, and none for any other."""
    made = Counter(record.order.replaces.return_id for record in records.values() if record.order.replaces)
    for record in returns.values():
        is_due = record.standing.stage is ReturnStage.REPLACED
        yield Line(record.matter.id, "orders that were sent for it", int(is_due), made[record.matter.id])


def _by_order(returns: Returns) -> Counter[str]:
    """What the returns of each order gave back. Units: fen."""
    back = Counter[str]()
    for record in returns.values():
        back[record.matter.order] += sum(fen for _, fen in given_back(record.matter))
    return back


def _order(town: Town, shop: Shop, warehouse: Warehouse, record: Record, back: int) -> Iterable[Line]:
    order, number = record.order, record.order.id.rpartition("/")[2]
    yield Line(number, "it ended", "ended", _end(record))
    yield Line(number, "money captured", _captured(town, order), sum(paid.amount.minor for paid in order.payments))
    yield Line(number, "money given back", _refunded(town, order), _given_back(order) + back)
    yield from labels(town, number, order)
    yield Line(number, "parcels out", _out(warehouse, order), sum(map(is_out, order.parcels)))
    yield Line(number, "shop told of", _told(shop, number), done(order, What.REPORT))
    kept = _captured(town, order) - _refunded(town, order) + back
    if record.standing.stage in (Stage.CANCELLED, Stage.REFUNDED) and (is_stopped(order) or not order.returns):
        yield Line(number, "nothing of theirs is kept", 0, kept - back)
    elif record.standing.stage in ENDED:
        yield Line(number, "the price was kept, but for what returns gave back", order.total.minor, kept)


def _end(record: Record) -> str:
    is_over = record.standing.stage in ENDED and record.is_ended
    return "ended" if is_over else record.standing.stage.value


def _captured(town: Town, order: Order) -> int:
    stem = order.business_no
    wechat = [c.total for no, bill in town.wechat.books.bills.items() if no.startswith(stem) for c in bill.captures]
    trades = [t for no, bill in town.alipay.books.bills.items() if no.startswith(stem) for t in bill.trades]
    alipay = [trade.total for trade in trades if trade.paid_at]
    return sum(wechat) + sum(alipay) + _collected(town, order)


def _collected(town: Town, order: Order) -> int:
    waybills = [parcel.waybill for parcel in order.parcels]
    return sum(fen for road in (town.sf, town.kuaidi) for w, fen in road.books.collected.items() if w in waybills)


def _refunded(town: Town, order: Order) -> int:
    return sum(fen for number, fen in every_refund(town) if number.startswith(order.business_no))


def _given_back(order: Order) -> int:
    back = [errand for errand in order.errands if errand.what is What.REFUND and errand.state is State.DONE]
    return sum(errand.amount.minor for errand in back if errand.amount)


def _out(warehouse: Warehouse, order: Order) -> int:
    """Those that came home again are not out, whether a driver had them or the hub only believed so."""
    away = set(warehouse.books.handed_over) - set(warehouse.books.received_back)
    return sum(parcel.waybill in away for parcel in order.parcels)


def _told(shop: Shop, number: str) -> int:
    return len({told.waybill for told in shop.books.shipped if told.number == number})

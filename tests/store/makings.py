"""What the memory is given in tests: sensible by default, every field may be overridden."""

from itertools import count

from connectors.ports import Addressed
from models.contact import Contact
from models.intake import NewOrder
from models.line import Line
from models.noun import Money
from store.claims import Claims
from store.contacts import Contacts
from store.inbox import Inbox
from store.policies import Policies
from tests.builders import NOON, a_telling

MASTER, HASH = b"m" * 32, b"h" * 32
numbers = count(1)


def contacts(db, **keys):
    return Contacts(db, **{"master_key": MASTER, "hash_key": HASH, **keys})


def claims(db, **extra):
    return Claims(db, contacts(db), Policies(db), **extra)


def inbox(db):
    return Inbox(db, contacts(db))


def a_contact(**fields):
    made = {"name": "张小明", "phone": "13800138000", "province": "浙江省", "city": "杭州市", "district": "西湖区"}
    return Contact(**{**made, "district_code": "330106", "address": "文三路 9 号 3 幢 502", **fields})


def a_new_order(**fields):
    nth = next(numbers)
    receiver = a_contact(phone=f"139{nth:08}")
    lines = (Line(sku="tea", quantity=2, unit_price=Money(minor=100)),)
    made = {"channel": "web", "shop": "demo", "number": f"N{nth:05}", "lines": lines, "total": Money(minor=200)}
    return NewOrder(**{**made, "placed_at": NOON, "receiver": receiver, **fields})


def a_message(key, id="t1", to="ours", kind="payment_captured"):
    return Addressed(to, key, a_telling(kind, "provider", id))

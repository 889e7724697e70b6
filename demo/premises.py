"""Our own side of the play: a stack of its own, a shop's policy, stock, people on duty, and the product's processes."""

import json
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import settings as told
import stack
from commands.household import Member, members_of
from demo.town import OURS
from models.case import Owner
from models.contact import Contact
from models.duty import Person, Shift
from models.noun import Money
from models.place import Place
from models.policy import Policy
from models.return_policy import Patience, ReturnPolicy
from running import House, opened
from settings import Settings
from store.boxes import Boxes
from store.database import migrate
from store.duty import Duty
from store.policies import Policies, ReturnPolicies
from store.stock import Shelves
from world.shop_books import CATALOGUE

SHOP, CHANNEL_SHOP = "demo", "web/demo"
SECOND = timedelta(seconds=1)
HURRIED = Policy(
    pay_within=25 * SECOND,
    ask_payment_after=4 * SECOND,
    review_within=8 * SECOND,
    label_within=10 * SECOND,
    pick_within=20 * SECOND,
    pack_within=20 * SECOND,
    ship_within=40 * SECOND,
    collect_within=30 * SECOND,
    deliver_within=60 * SECOND,
    settle_within=30 * SECOND,
    complete_after=6 * SECOND,
    return_within=40 * SECOND,
    put_back_within=20 * SECOND,
    refund_within=20 * SECOND,
    track_after=10 * SECOND,
    answer_within=6 * SECOND,
    known_within=20 * SECOND,
    prove_after=3 * SECOND,
    lead_after=5 * SECOND,
    manager_after=15 * SECOND,
    approval_limit=Money(minor=50000),
    review_flags=True,
)
BACK_SOON = ReturnPolicy(
    returns=1_000,  # everybody here lives in a few streets
    patience=Patience(
        decide_within=10 * SECOND,
        send_back_within=20 * SECOND,
        arrive_within=20 * SECOND,
        inspect_within=10 * SECOND,
        trigger_within=10 * SECOND,
        send_home_within=5 * SECOND,
        hurry_within=3 * SECOND,
    ),
)
PLACES = (Place(id="WH-SZ", name="shenzhen", district="440306"), Place(id="WH-SH", name="shanghai", district="310115"))
PLENTY = 100_000


def furnished(pace: Mapping[str, Any], parties: Mapping[str, Any]) -> Settings:
    """A fresh data folder with the file of our accounts. The ports are the usual ones where they are free."""
    home = Path(pace["home"])
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    path = home / "parties.json"
    path.write_text(json.dumps(parties))
    path.chmod(0o600)
    return told.load(data=home, parties_file=path, ports=pace["ports"], keys={"shops": pace["shops"]})


def shop_key() -> str:
    """A key for the shop's own questions."""
    return secrets.token_urlsafe(24)


@asynccontextmanager
async def standing(settings: Settings) -> AsyncIterator[tuple[stack.Stack, House]]:
    """Servers, tables, goods on shelves and people on duty."""
    async with stack.embedded(settings) as ours:
        await migrate(ours.settings.database)
        async with opened(ours.settings) as house:
            await _fill(house)
            yield ours, house


async def _fill(house: House) -> None:
    await Policies(house.db).put(CHANNEL_SHOP, HURRIED, "demo")
    await ReturnPolicies(house.db).put(CHANNEL_SHOP, BACK_SOON, "demo")
    shelves, boxes = Shelves(house.db), Boxes(house.db)
    for place in PLACES:
        await shelves.add_place(place)
        await boxes.send_from(place.id, Contact(**OURS))
        for item in CATALOGUE:
            await shelves.receive(place.id, item.sku, PLENTY, "opening", f"open-{place.id}-{item.sku}")
    for rung, person in ((Owner.OWNER, "lin"), (Owner.LEAD, "zhao"), (Owner.MANAGER, "wu")):
        await Duty(house.db).add(Shift(person=Person(id=person, robot="dingtalk"), rung=rung))


def members(settings: Settings, workers: int) -> tuple[Member, ...]:
    """The door and so many workers, each a process of its own that ends with us."""
    shops = {shop: key.get_secret_value() for shop, key in settings.keys.shops}
    told = {
        "OMS_PARTIES_FILE": str(settings.parties_file),
        "OMS_KEYS__SHOPS": json.dumps(shops),
        "OMS_LOG_LEVEL": "WARNING",
    }
    return tuple(replace(member, told={**member.told, **told}) for member in members_of(settings, workers))

"""Everyone else, in this process, each at an address of their own; and the accounts that we hold with them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from starlette.types import ASGIApp

from demo.picking import Picking
from world.alipay import Alipay
from world.alipay import Merchant as AlipayMerchant
from world.dials import Dials
from world.dingtalk import DingTalk
from world.keys import Key
from world.kuaidi100 import Kuaidi100
from world.kuaidi100_books import Settings as Kuaidi100Settings
from world.return_bench import Bench
from world.return_books import Parcel
from world.server import serve
from world.sf import SfExpress
from world.sf_books import Settings as SfSettings
from world.shop import Settings as ShopSettings
from world.shop import Shop
from world.shop_wire import Pen
from world.wallet import Wallet
from world.warehouse import Settings as WarehouseSettings
from world.warehouse import Warehouse
from world.warehouse_books import Work
from world.wechat import WeChatPay
from world.wechat_wire import Merchant as WeChatMerchant

SERIAL, API_V3_KEY = "5157F09EFDC096DE15EBE81A47057A72", "0123456789abcdef0123456789abcdef"
EVIDENCE = ("photo", "photo", "photo", "otp", "locker", "electronic")
KUAIDI_EVIDENCE = ("locker", "locker", "locker", "electronic", "other")
OURS = {
    "name": "云仓", "phone": "0755-88880000", "province": "广东省", "city": "深圳市",
    "district": "宝安区", "district_code": "440306", "address": "物流园1号",
}  # fmt: skip


@dataclass
class Town:
    """The parties and their manners."""

    seed: int
    hub: str  # our door
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    ours: Key = field(default_factory=Key)
    pause: float = 1.0  # seconds between two stations of a parcel
    addresses: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)  # noqa: S311 - chance in a play
        self._on_the_way = set[asyncio.Task[None]]()
        public = self.ours.public_pem
        self.wechat = WeChatPay(WeChatMerchant("wxdemo", "1230000109", SERIAL, public, API_V3_KEY))
        self.alipay = Alipay(AlipayMerchant("2021000000000001", "2088000000000001", public))
        self.sf = SfExpress(SfSettings(push_url=f"{self.hub}/webhooks/couriers/sf/sf/{self.token}"))
        self.kuaidi = Kuaidi100(Kuaidi100Settings())
        self.dingtalk = DingTalk()
        known = ShopSettings(self.hub)
        self.wallet = Wallet(Pen(known.key, known.secret))

    def turn(self, **dials: float) -> None:
        """Every party's moods at once."""
        for party in (self.wechat, self.alipay, self.sf, self.kuaidi):
            known: Dials = party.dials
            known.set(seed=self.seed, pace=0.02, **dials)

    def shop(self, api_key: str) -> Shop:
        """Where the buyers are."""
        settings = ShopSettings(self.hub, api_key=api_key, seed=self.seed, tries=240)  # for two minutes
        return Shop(settings, {"wechat": self._wechat, "alipay": self._alipay})

    def warehouse(self, api_key: str, picking: Picking) -> Warehouse:
        """Where the boxes are."""
        settings = WarehouseSettings(self.hub, api_key, seed=self.seed)
        return Warehouse(settings, picking.to_pack, self.collect)

    def bench(self, api_key: str) -> Bench:
        """Where what comes back is looked at."""
        return Bench(WarehouseSettings(self.hub, api_key, seed=self.seed))

    def bill(self, link: str) -> str:
        """The number behind a link, as whoever made the link knows it."""
        codes = {known.code_url: number for number, known in self.wechat.books.bills.items()}
        codes |= {known.qr_code: number for number, known in self.alipay.books.bills.items()}
        return codes[link]

    async def _wechat(self, link: str, fen: int) -> None:
        self.wechat.pay(self.bill(link), amount=fen)

    async def _alipay(self, link: str, fen: int) -> None:
        self.alipay.pay(self.bill(link), amount=fen)

    def collect(self, work: Work) -> None:
        """The driver takes a parcel, and goes."""
        self._goes(self._travels(work.courier, work.waybill))

    def carry(self, parcel: Parcel, leave: Callable[[Parcel], None]) -> None:
        """A box that a customer sends back is on its way to the warehouse, and put down there."""
        self._goes(self._carried(parcel, leave))

    async def _carried(self, parcel: Parcel, leave: Callable[[Parcel], None]) -> None:
        if parcel.is_labelled:
            await self._travels(parcel.courier, parcel.waybill)
        else:
            await asyncio.sleep(2 * self.pause)
        leave(parcel)

    async def _travels(self, courier: str, waybill: str) -> None:
        road = self.sf if courier.startswith("sf") else self.kuaidi
        known = EVIDENCE if road is self.sf else KUAIDI_EVIDENCE
        road.hand_over(waybill)
        await road.travel(waybill, self._chance.choice(known), self.pause)

    def _goes(self, way: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(way)
        self._on_the_way.add(task)
        task.add_done_callback(self._on_the_way.discard)

    @property
    def brought_back(self) -> list[str]:
        """Waybills that couriers brought home."""
        return [*self.sf.books.brought_back, *self.kuaidi.books.brought_back]

    @property
    def pushers(self) -> tuple[Any, ...]:
        """Everyone who tells us things."""
        return (self.wechat.pusher, self.alipay.pusher, self.sf.pusher, self.kuaidi.pusher)

    @property
    def signing(self) -> tuple[Any, ...]:
        """Those of them whose words we believe by their signature."""
        return (self.wechat.pusher, self.alipay.pusher, self.kuaidi.pusher)

    def accounts(self, shop: str) -> Mapping[str, Any]:
        """What we are told of our accounts, as the file of parties has it."""
        private = self.ours.private_pem
        return {
            "payments": {
                "wechat": [{
                    "name": "wechat", "appid": "wxdemo", "mchid": "1230000109", "serial": SERIAL,
                    "private_key": private, "api_v3_key": API_V3_KEY, "address": self.addresses["wechat"],
                    "platform_keys": [{"serial": self.wechat.serial, "key": self.wechat.key.public_pem}],
                    "notify_url": f"{self.hub}/webhooks/payments/wechat/wechat",
                }],
                "alipay": [{
                    "name": "alipay", "app_id": "2021000000000001", "seller_id": "2088000000000001",
                    "private_key": private, "alipay_public_key": self.alipay.key.public_pem,
                    "address": self.addresses["alipay"],
                    "notify_url": f"{self.hub}/webhooks/payments/alipay/alipay",
                }],
            },
            "couriers": {
                "sf": [{
                    "name": "sf", "address": self.addresses["sf"], "partner_id": self.sf.settings.partner_id,
                    "checkword": self.sf.settings.checkword, "monthly_card": self.sf.settings.monthly_card,
                    "push_token": self.token, "home": OURS,
                }],
                "kuaidi100": [{
                    "name": "kuaidi100", "address": self.addresses["kuaidi"],
                    "label_address": self.addresses["kuaidi"], "key": self.kuaidi.settings.key,
                    "customer": self.kuaidi.settings.customer, "secret": self.kuaidi.settings.secret,
                    "push_token": self.token, "salt_key": self.token, "ask_again_after": 2,
                    "partners": {"yto": {"partner_id": self.kuaidi.settings.partners[0]}},
                }],
            },
            "channels": {
                "ownshop": [{
                    "channel": "web", "shop": shop, "address": self.addresses["shop"], "key": "demo-shop",
                    "secret": ShopSettings(self.hub).secret,
                }],
            },
            "wallets": {
                "ownshop": [{
                    "channel": "web", "shop": shop, "address": self.addresses["wallet"], "key": "demo-shop",
                    "secret": self.wallet.pen.secret,
                }],
            },
            "messengers": {
                "dingtalk": [{
                    "name": "dingtalk", "address": self.addresses["dingtalk"],
                    "access_token": self.dingtalk.settings.access_token, "secret": self.dingtalk.settings.secret,
                }],
            },
        }  # fmt: skip


@asynccontextmanager
async def opened(town: Town, shop: Shop) -> AsyncIterator[Town]:
    """Every party answers at an address of its own."""
    apps: dict[str, ASGIApp] = {
        "wechat": town.wechat.app,
        "alipay": town.alipay.app,
        "sf": town.sf.app,
        "kuaidi": town.kuaidi.app,
        "dingtalk": town.dingtalk.app,
        "shop": shop.app,
        "wallet": town.wallet.app,
    }
    async with AsyncExitStack() as ending:
        for name, app in apps.items():
            town.addresses[name] = await ending.enter_async_context(serve(app))
        yield town

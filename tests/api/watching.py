"""A street to watch: a door on a real port, workers, and a WeChat Pay that knocks at it over HTTP."""

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import worker
from beside.ground import free_port
from calllog import CallWriter
from connectors.registry import Accounts, Registry
from store.calls import CallBook
from tests.api.conftest import ACCOUNTS, SECRETS, Lively, eventually, hands_of, memory_of, tools_for
from tests.connectors.payments.conftest import API_V3_KEY, OURS, SERIAL, THEIRS, a_wechat
from tests.others import Courier, Shop
from tests.workflows.conftest import dropped
from world.server import serve
from world.wechat import PUBLIC_KEY_ID


class Street(Lively):
    """The door, its address, and who knocks."""

    def __init__(self, tools, parties, wechat, address):
        super().__init__(tools, parties)
        self.wechat, self.address = wechat, address

    def shown(self, role):
        return {"authorization": f"Bearer {SECRETS[role]}"}

    async def pay_at_wechat(self, order_id):
        """As soon as there is a bill; WeChat tells us by itself."""
        number = f"{(await self.tools.claims.seed(order_id)).business_no}-pay-1"

        async def known():
            return number in self.wechat.books.bills

        await eventually(known)
        self.wechat.pay(number)

    async def stands_at(self, order_id, stage, within=30):
        return await self.until(order_id, lambda told: told["stage"] == stage, within=within)


@asynccontextmanager
async def a_street(env, db, client, *, tracer=None, **log):
    """Everybody at work. `client`: how the door and the workers reach Temporal; `log`: how calls are taken note of."""
    wechat, _, _ = a_wechat()
    address = f"http://127.0.0.1:{free_port(0)}"
    async with AsyncExitStack() as stack:
        accounts = _accounts(address, await stack.enter_async_context(serve(wechat.app)))
        calls = await stack.enter_async_context(CallWriter(CallBook(db), tracer=tracer, **log))
        registry = await stack.enter_async_context(Registry(accounts, calls))
        tools = replace(await tools_for(db, client, registry, relays=True, link_within=10), tracer=tracer)
        parties = worker.Parties(registry.providers, (Courier("sf"), Courier("kuaidi100")), (Shop("web/demo"),))
        for hands in hands_of(client, await memory_of(tools), parties):
            await stack.enter_async_context(hands)
        street = Street(tools, parties, wechat, address)
        await stack.enter_async_context(serve(street.app, int(address.rpartition(":")[2])))
        async with street.client:
            yield street
        async for story in env.client.list_workflows("ExecutionStatus='Running'"):
            await dropped(env.client.get_workflow_handle(story.id))


def _accounts(ours, theirs):
    wechat = {
        "name": "wechat",
        "appid": "wxd678efh567hg6787",
        "mchid": "1230000109",
        "serial": SERIAL,
        "private_key": OURS.private_pem,
        "api_v3_key": API_V3_KEY,
        "address": theirs,
        "platform_keys": [{"serial": PUBLIC_KEY_ID, "key": THEIRS.public_pem}],
        "notify_url": f"{ours}/webhooks/payments/wechat/wechat",
    }
    return Accounts.model_validate({**ACCOUNTS, "payments": {"wechat": [wechat]}})

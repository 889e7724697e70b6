"""How the processes of this product are opened from its settings: the door, and those who work behind it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from opentelemetry.trace import Tracer
from starlette.types import ASGIApp
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import Worker

import tracing
import worker
from activities.bulk import Bulk
from activities.housekeeping import Housekeeping
from activities.reminders import remind
from api import stories
from api.app import Terms, Tools, create_app
from api.quotas import Limit, Quotas
from api.visitors import Key, Visitor, key_for
from calllog import CallWriter
from connectors.registry import Accounts, Registry
from models.case import Role
from settings import Settings, raw_key
from store.addresses import Addresses
from store.audit import Audit
from store.boxes import Boxes
from store.bulks import Bulks
from store.calls import CallBook
from store.cases import Cases
from store.claims import Claims
from store.contacts import Contacts
from store.database import Database
from store.deskfacts import DeskFacts
from store.findings import Findings
from store.inbox import Inbox
from store.links import Links
from store.money import MoneyGate
from store.nonces import Nonces
from store.orders import OrderBook
from store.pictures import Pictures
from store.policies import Policies
from store.returns import Returns
from store.scans import ScanBook
from store.shelf import shelf_at
from store.stock import Shelves
from store.strays import Strays
from store.temporal import CONVERTER
from store.whereabouts import Whereabouts

NAME = "orderhub"
BESIDE = "reminders"  # a queue's name for what is no queue: reminders are sent by whoever serves it


@dataclass(frozen=True)
class House:
    """Everything that was opened, for whoever works in it."""

    settings: Settings
    db: Database
    temporal: Client
    registry: Registry
    contacts: Contacts
    tracer: Tracer | None = None  # none: nobody collects traces

    @property
    def memory(self) -> worker.Memory:
        """What the hands remember with."""
        return worker.Memory(
            book=OrderBook(self.db),
            shelves=Shelves(self.db),
            gate=MoneyGate(self.db),
            calls=CallBook(self.db),
            contacts=self.contacts,
            boxes=Boxes(self.db),
            addresses=Addresses(self.db),
            links=Links(self.db),
            returns=Returns(self.db, self.contacts),
            upkeep=Housekeeping(Findings(self.db), Cases(self.db)),
            bulk=Bulk(Bulks(self.db), partial(stories.wish, self.temporal), self.settings.bulk.pace),
        )

    @property
    def parties(self) -> worker.Parties:
        """Whom the hands may call."""
        known = self.registry
        return worker.Parties(known.providers, known.couriers, known.channels, self._callback, known.wallets)

    def _callback(self, courier: str) -> str:
        return self.registry.webhook("couriers", courier, self.settings.public_url)


@asynccontextmanager
async def opened(settings: Settings, name: str = "orderhub") -> AsyncIterator[House]:
    """The store, Temporal and the lines to every party, until the block ends. `name`: who we are in traces."""
    async with AsyncExitStack() as ending:
        notes = tracing.provider(settings.otel, name)
        if notes:
            ending.push_async_callback(asyncio.to_thread, notes.shutdown)
        tracer = notes.get_tracer(NAME) if notes else None
        db = await Database.open(settings.database)
        ending.push_async_callback(db.close)
        log = await ending.enter_async_context(CallWriter(CallBook(db), Runtime.default().metric_meter, tracer))
        registry = await ending.enter_async_context(Registry(Accounts.read(settings.parties_file), log))
        contacts = Contacts(db, raw_key(settings.contacts_key), raw_key(settings.phone_key))
        yield House(settings, db, await connected(settings, tracer), registry, contacts, tracer)


async def connected(settings: Settings, tracer: Tracer | None = None) -> Client:
    """A client that speaks our nouns, and whose workers take note of what moves them."""
    known = settings.temporal
    return await Client.connect(
        settings.temporal_address,
        namespace=known.namespace,
        tls=known.security,
        api_key=known.bearer,
        data_converter=CONVERTER,
        interceptors=tracing.interceptors(tracer),
    )


async def work(house: House, queues: Iterable[str] = ()) -> None:
    """Serve these queues, or all, until cancelled. What is under way is finished first."""
    served = tuple(queues)
    await worker.schedule(house.temporal)
    async with AsyncExitStack() as ending:
        for each in workers(house):
            if not served or each.task_queue in served:
                await ending.enter_async_context(each)
        if not served or BESIDE in served:
            await remind(Cases(house.db), house.registry.messengers)
        await asyncio.Event().wait()


def workers(house: House) -> list[Worker]:
    """One for each queue."""
    slots, memory, crew = house.settings.slots, house.memory, worker.Crew(house.settings.temporal.version)
    return [
        worker.stories(house.temporal, memory, remembered=slots.stories, crew=crew),
        worker.ours(house.temporal, memory, slots=slots.ours, crew=crew),
        *worker.theirs(house.temporal, memory, house.parties, slots=slots.of, crew=crew),
    ]


def door(house: House, temporal_ui: str | None = None) -> FastAPI:
    """The application, with everything it needs."""
    db, contacts = house.db, house.contacts
    tools = Tools(
        terms=_terms(house.settings, temporal_ui),
        temporal=house.temporal,
        db=db,
        registry=house.registry,
        claims=Claims(db, contacts, Policies(db)),
        contacts=contacts,
        inbox=Inbox(db, contacts),
        addresses=Addresses(db),
        boxes=Boxes(db),
        orders=OrderBook(db, contacts),
        links=Links(db),
        nonces=Nonces(db),
        scans=ScanBook(db),
        cases=Cases(db),
        desk=DeskFacts(db),
        audit=Audit(db),
        bulks=Bulks(db),
        returns=Returns(db, contacts),
        pictures=Pictures(contacts, shelf_at(house.settings.pictures, house.settings.data)),
        strays=Strays(db, contacts),
        whereabouts=Whereabouts(db),
        quotas=Quotas({limit: getattr(house.settings.limits, limit) for limit in Limit}),
        tracer=house.tracer,
    )
    return create_app(tools)


async def serve(house: House, temporal_ui: str | None = None, host: str = "127.0.0.1") -> None:
    """Open the door until cancelled."""
    await uvicorn.Server(listening(door(house, temporal_ui), house.settings, host)).serve()


def listening(app: ASGIApp, settings: Settings, host: str) -> uvicorn.Config:
    """How the door is opened. Nobody is believed about whose address it is but our own proxies."""
    return uvicorn.Config(
        app,
        host=host,
        port=settings.ports.api,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
    )


def _terms(settings: Settings, temporal_ui: str | None) -> Terms:
    return Terms(
        keys=tuple(keys_of(settings)),
        session_key=raw_key(settings.session_key),
        database_url=settings.database,
        temporal_ui=temporal_ui or "",
        namespace=settings.temporal.namespace,
        is_secure=urlsplit(settings.public_url).scheme == "https",
        alone=settings.bulk.alone,
    )


def keys_of(settings: Settings) -> Iterable[Key]:
    """Who may knock: each role, each person with a key of their own, each shop."""
    roles = (role for role in Role if role is not Role.SHOP)
    for role in roles:
        yield key_for(getattr(settings.keys, role.value).get_secret_value(), Visitor(role.value, role))
    for person, secret in settings.keys.people:
        yield key_for(secret.get_secret_value(), Visitor(person, Role(person.partition("/")[0])))
    for shop, secret in settings.keys.shops:
        yield key_for(secret.get_secret_value(), Visitor(shop, Role.SHOP, shop))

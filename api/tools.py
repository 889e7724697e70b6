"""What the door needs, handed to it by whoever opens it."""

from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from opentelemetry.trace import Tracer
from temporalio.client import Client

from api.figures import Figures
from api.limits import Replays
from api.lookout import Lookout
from api.quotas import Quotas
from api.tray import Tray
from api.visitors import Key, Visitor
from connectors.registry import Registry
from store.addresses import Addresses
from store.audit import Audit
from store.boxes import Boxes
from store.bulks import Bulks
from store.cases import Cases
from store.claims import Claims
from store.contacts import Contacts
from store.database import Database
from store.deskfacts import DeskFacts
from store.inbox import Inbox
from store.links import Links
from store.nonces import Nonces
from store.orders import OrderBook
from store.pictures import Pictures
from store.returns import Returns
from store.scans import ScanBook
from store.strays import Strays
from store.whereabouts import Whereabouts


@dataclass(frozen=True)
class Terms:
    """What this installation was told."""

    keys: tuple[Key, ...]
    session_key: bytes
    database_url: str = ""  # asked whether its tables are what this code expects
    temporal_ui: str = "http://127.0.0.1:8233"  # for links that people follow
    namespace: str = "default"
    is_secure: bool = False  # people come by https: the session's cookie travels nowhere else
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))  # of the people who read the board
    relays: bool = True  # this process also tells what was kept
    link_within: float = 5.0  # seconds that POST /orders waits for the link to pay
    answer_within: float = 3.0  # seconds that a story has for an answer
    alone: int = 200  # orders up to which one person may confirm a bulk wish alone

    @cached_property
    def visitors(self) -> dict[str, Visitor]:
        """Who has which key, by its digest."""
        return {key.digest: key.visitor for key in self.keys}


@dataclass(frozen=True)
class Tools:
    """Everything an endpoint may use."""

    terms: Terms
    temporal: Client
    db: Database
    registry: Registry
    claims: Claims
    contacts: Contacts
    inbox: Inbox
    addresses: Addresses
    boxes: Boxes
    orders: OrderBook
    links: Links
    nonces: Nonces
    scans: ScanBook
    cases: Cases
    desk: DeskFacts
    audit: Audit
    bulks: Bulks
    returns: Returns
    pictures: Pictures
    strays: Strays
    whereabouts: Whereabouts
    tray: Tray = field(default_factory=Tray)
    figures: Figures = field(default_factory=Figures)
    lookout: Lookout = field(default_factory=Lookout)
    quotas: Quotas = field(default_factory=Quotas)
    replays: Replays = field(default_factory=Replays)
    tracer: Tracer | None = None  # none: nobody collects traces

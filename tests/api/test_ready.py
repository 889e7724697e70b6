"""A door whose PostgreSQL and Temporal are really taken away, frozen and brought back."""

import asyncio
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from temporalio.client import Client

from beside import postgres, temporal
from beside.ground import free_port
from beside.leash import Terms, leash, let_go
from store.database import Database, migrate
from store.temporal import CONVERTER
from tests.api.conftest import Door, eventually, tools_for
from tests.store.conftest import FAST, PASSWORD

LONG = 60  # seconds for a server to come up on a busy machine


@dataclass
class Part:
    """A server that can be taken away."""

    command: list
    terms: Terms
    answers: object
    held: list = field(default_factory=list)

    async def come(self):
        self.held = [leash(self.command, terms=self.terms)]
        await eventually(self.answers, within=LONG)

    async def go(self):
        await asyncio.to_thread(let_go, *self.held)
        self.held = []

    def everybody(self):
        return [child for held in self.held for child in psutil.Process(held.pid).children(recursive=True)]

    def freeze(self):
        for one in self.everybody():
            one.send_signal(signal.SIGSTOP)

    def thaw(self):
        for one in self.everybody():
            one.send_signal(signal.SIGCONT)


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="orderhub-ready-") as made:
        yield Path(made)


@pytest.fixture
async def store(folder):
    home, port = folder / "pg", free_port(0)
    owner = postgres.prepare(home, PASSWORD)
    part = Part(
        [*postgres.command(home, port), *FAST],
        Terms(postgres.STOP, owner=owner),
        lambda: postgres.answers(port, PASSWORD),
    )
    part.url = postgres.address(port, PASSWORD).replace("postgresql:", "postgresql+psycopg:")
    await part.come()
    await migrate(part.url)
    yield part
    await part.go()


@pytest.fixture
async def stories(folder):
    port, pages = free_port(0), free_port(0)
    command = temporal.command(folder / "temporal.db", port, pages, "default", ())
    part = Part(command, Terms(temporal.STOP), lambda: temporal.answers(port, pages, "default"))
    part.address = f"127.0.0.1:{port}"
    await part.come()
    yield part
    await part.go()


@pytest.fixture
async def door(store, stories, registry):
    db = await Database.open(store.url)
    client = await Client.connect(stories.address, data_converter=CONVERTER)
    door = Door(await tools_for(db, client, registry, database_url=store.url))
    async with door.client:
        yield door
    await db.close()


async def word_of(door):
    """How each part is, as a load balancer hears it; and it lives all the while."""
    assert (await door.get("/health/live", None)).status_code == 200
    answer = await door.get("/health/ready", None)
    words = answer.json()
    assert answer.status_code == (200 if words["status"] == "ready" else 503)
    return words["store"], words["temporal"]


def hears(door, *words):
    async def heard():
        return await word_of(door) == words

    return eventually(heard, within=LONG)


async def test_a_part_that_goes_freezes_and_comes_back_is_named_all_the_time(door, store, stories):
    assert await word_of(door) == ("ready", "ready")

    await store.go()
    await hears(door, "store_away", "ready")
    await store.come()
    await hears(door, "ready", "ready")

    store.freeze()
    await hears(door, "away", "ready")
    store.thaw()
    await hears(door, "ready", "ready")

    stories.freeze()
    await hears(door, "ready", "away")
    stories.thaw()
    await hears(door, "ready", "ready")

    await stories.go()
    await hears(door, "ready", "away")
    await stories.come()
    await hears(door, "ready", "ready")

"""What lives cost: seconds of CPU by process, transactions of our database, events and bytes of history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import monotonic

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from temporalio.client import Client

from commands.household import ENTRANCE
from settings import DRIVER

FLUSHED_WITHIN = 11.0  # seconds: an idle connection tells PostgreSQL's statistics what it did after ten
WORLD = "world"  # this process: the parties, the buyers, the scanners, and whoever drives the floor
WORDS = {  # how a process of ours is recognised by its words
    "worker": (str(ENTRANCE), "worker"),
    "api": (str(ENTRANCE), "api"),
    "postgres": ("-D", "-p"),
    "temporal": ("server", "start-dev"),
    "floor": ("benchmarks.floor_worker",),
}
TALLY = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s"


@dataclass(frozen=True)
class Reading:
    """The state of every meter. Units: seconds."""

    at: float
    cpu: Mapping[str, float]  # by process, since it began
    machine: float  # of all cores, whoever it was

    def since(self, before: "Reading") -> "Reading":
        """The difference."""
        cpu = {name: spent - before.cpu.get(name, 0.0) for name, spent in self.cpu.items()}
        return Reading(self.at - before.at, cpu, self.machine - before.machine)

    def __add__(self, other: "Reading") -> "Reading":
        names = self.cpu.keys() | other.cpu.keys()
        cpu = {name: self.cpu.get(name, 0.0) + other.cpu.get(name, 0.0) for name in names}
        return Reading(self.at + other.at, cpu, self.machine + other.machine)


NOTHING = Reading(0.0, {}, 0.0)


class Meter:
    """Reads what this process and everybody that it holds on a leash have spent."""

    def __init__(self) -> None:
        self._ours = psutil.Process()
        self._held = dict(known(self._ours.children()))

    def read(self) -> Reading:
        """Now."""
        times = psutil.cpu_times()
        held = {name: _spent([root, *root.children(recursive=True)]) for name, root in self._held.items()}
        own = self._ours.cpu_times()
        return Reading(monotonic(), held | {WORLD: own.user + own.system}, times.user + times.system)


def known(held: Sequence[psutil.Process]) -> Iterator[tuple[str, psutil.Process]]:
    """Processes of ours by what they are."""
    for process in held:
        words = process.cmdline()
        yield from ((name, process) for name, its in WORDS.items() if all(word in words for word in its))


def _spent(family: Sequence[psutil.Process]) -> float:
    """Those who live, and those whom they have buried."""
    spent = 0.0
    for member in family:
        try:
            spent += sum(member.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return spent


async def transactions(database: str) -> int:
    """How many there were in this database. Asked from the one beside it, so that asking is not counted."""
    address = database.replace(DRIVER, "postgresql://")
    name = conninfo_to_dict(address)["dbname"]
    async with await psycopg.AsyncConnection.connect(make_conninfo(address, dbname="postgres")) as reached:
        found = await (await reached.execute(TALLY, [name])).fetchone()
    return int(found[0]) if found else 0


@dataclass(frozen=True)
class Length:
    """How long the stories of some lives became, in the middle."""

    events: float
    bytes: float


NO_LENGTH = Length(0, 0)


async def length(client: Client, stories: Sequence[str]) -> Length:
    """As Temporal itself counts."""
    told = [await client.get_workflow_handle(story).describe() for story in stories]
    known = [one.raw_description.workflow_execution_info for one in told]
    return Length(
        events=median([one.history_length for one in known] or [0]),
        bytes=median([one.history_size_bytes for one in known] or [0]),
    )

import asyncio
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path

import httpx
import psutil
import pytest
import typer
from temporalio.client import Client
from temporalio.service import RPCError
from typer.testing import CliRunner

import cli
import stack
from api import stories
from commands import showing, spelling
from commands.household import Member, household, members_of
from models.errors import Missing
from models.line import Line
from models.noun import Money
from models.order import Record
from models.place import Place
from models.policy import Policy
from models.return_policy import Goods, ReturnPolicy
from models.wish import Urge
from rules.deadlines import standing
from settings import load, raw_key
from store.audit import Audit
from store.boxes import Boxes
from store.claims import Claims
from store.contacts import Contacts
from store.database import Database
from store.inbox import Inbox
from store.orders import OrderBook
from store.policies import Policies
from store.stock import Shelves
from store.temporal import CONVERTER
from tests.builders import an_order
from tests.store.makings import a_contact, a_message, a_new_order

HOUSE = Path(cli.__file__).parent
NOUNS = {"order": ("show", "explain", "revive", "rewrite"), "inbox": ("list", "replay")}
NOUNS |= {"case": ("list", "close"), "policy": ("show", "set"), "place": ("list", "add"), "stock": ("list", "receive")}
NOUNS |= {"bulk": ("plan", "confirm", "list", "show", "report", "pause", "resume", "stop")}
NOUNS |= {"shift": ("list", "add", "end"), "deploy": ("show", "current", "ramp", "nudge")}
EVERY = [(), *((name,) for name in cli.COMMANDS), *((noun, verb) for noun, verbs in NOUNS.items() for verb in verbs)]
ANY_PORT = {f"OMS_PORTS__{name}": "0" for name in ("API", "POSTGRES", "TEMPORAL", "UI", "METRICS")}
WIDE = {"COLUMNS": "250", "NO_COLOR": "1", "TERM": "dumb"}
PERSON = a_contact(name="欧阳小明", phone="13912345678", address="文三路 9 号 3 幢 502")


def orderhub(*words, **told):
    """What the command line answers, in this process."""
    return CliRunner().invoke(cli.app, words, env=WIDE | told)


def eventually(holds, within=60):
    """Poll until it is so; whatever it was then."""
    too_late = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < too_late
        time.sleep(0.05)
    return found


async def becomes(asks, within=60):
    """The same for what is awaited."""
    async with asyncio.timeout(within):
        while not (found := await asks()):
            await asyncio.sleep(0.05)
    return found


def is_gone(process):
    """Also who only waits to be counted by init, which takes its time in some containers."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module")
def home():
    """A short folder, and not below pytest's own: PostgreSQL may run as somebody else."""
    with tempfile.TemporaryDirectory(prefix="orderhub-") as folder:
        yield Path(folder)


def start(home, *words):
    """A command as a process of its own; what it wrote is in the returned file."""
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    told |= WIDE | ANY_PORT | {"OMS_DATA": str(home / "data"), "PYTHONPYCACHEPREFIX": str(home / "read")}
    diary = home / f"{words[0]}.out"
    with diary.open("wb") as ink:
        command = [sys.executable, str(HOUSE / "cli.py"), *words]
        return subprocess.Popen(command, stdout=ink, stderr=ink, env=told, cwd=home), diary


def family(process):
    return psutil.Process(process.pid).children(recursive=True)


@dataclass
class Up:
    """The house, started as people start it."""

    process: subprocess.Popen
    said: str
    db: Database
    temporal: Client
    contacts: Contacts

    @property
    def claims(self):
        return Claims(self.db, self.contacts, Policies(self.db))

    def ask(self, *words):
        return asyncio.to_thread(orderhub, *words)

    async def json(self, *words):
        answer = await self.ask(*words, "--json")
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)

    async def begun(self, sku="tea"):
        """An order that came in, whose story has told of itself."""
        lines = (Line(sku=sku, quantity=2, unit_price=Money(minor=100)),)
        order = (await self.claims.claim(a_new_order(lines=lines, receiver=PERSON), b"raw")).order
        await stories.begin(self.temporal, order)
        return order

    async def urge(self, order):
        await self.recorded(order)
        await stories.wish(self.temporal, order.id, Urge(by="service-1"))

    async def case_of(self, order):
        async def opened():
            return [row for row in await self.json("case", "list") if row["case"]["story"] == order.id]

        [case] = await becomes(opened)
        return case

    async def recorded(self, order, holds=lambda _: True):
        async def record():
            try:
                known = await OrderBook(self.db).get(order.id)
            except Missing:
                return None
            return known if holds(known) else None

        return await becomes(record)


@asynccontextmanager
async def reached(process, said):
    settings = stack.join(load()).settings
    db = await Database.open(settings.database, size=2)
    contacts = Contacts(db, raw_key(settings.contacts_key), raw_key(settings.phone_key))
    temporal = await Client.connect(settings.temporal_address, data_converter=CONVERTER)
    yield Up(process, said, db, temporal, contacts)
    await db.close()


@pytest.fixture(scope="module")
async def up(home):
    with pytest.MonkeyPatch.context() as told:
        told.setenv("OMS_DATA", str(home / "data"))
        process, diary = start(home, "up")
        try:
            eventually(lambda: "Ctrl-C ends everything" in diary.read_text() or process.poll() is not None, 150)
            assert process.poll() is None, diary.read_text()
            async with reached(process, diary.read_text()) as up:
                await Shelves(up.db).add_place(Place(id="WH-1", name="one", district="330106"))
                await Shelves(up.db).receive("WH-1", "tea", 100, "opening", "open-1")
                yield up
        finally:
            process.terminate()
            process.wait(60)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_explains_itself(words):
    answer = orderhub(*words, "--help")

    assert answer.exit_code == 0
    assert f"Usage: orderhub {' '.join(words)}".rstrip() in answer.stdout


def test_the_list_says_what_the_commands_say():
    for name, (_, help_) in cli.COMMANDS.items():
        said = cli.command_of(name).help
        assert said.split("\n\n")[0].replace("\n", " ") == help_


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("oder",), "Did you mean 'order'"),
        (("inbox", "list", "--state", "lost"), "'waiting', 'done', 'parked'"),
        (("inbox", "replay"), "Missing argument"),
        (("case", "close", "0"), "greater than or equal to 1"),
        (("policy", "show", "a/b/c"), "neither <channel> nor <channel>/<shop>"),
        (("policy", "set", "web/demo", "pay_within"), "is not FIELD=VALUE"),
        (("policy", "set", "web/demo", "pay_wthin=3m"), "Did you mean pay_within?"),
        (("policy", "set", "web/demo", "pay_within=soon"), "write a span like 30m"),
        (("policy", "set", "web/demo", "approval_limit=1.234"), "write an amount like 500.00"),
        (("policy", "set", "web/demo", "review_flags=perhaps"), "write yes or no"),
        (("up", "--workers", "0"), "greater than or equal to 1"),
        (("demo", "--orders", "0"), "greater than or equal to 1"),
        (("stock", "receive", "WH-1", "tea", "0"), "greater than or equal to 1"),
        (("shift", "add", "lin", "--robot", "dingtalk", "--hours", "9-5"), "--hours 09:00-18:00"),
        (("shift", "add", "lin", "--robot", "dingtalk", "--days", "8"), "days"),
    ],
)
def test_misuse_is_said_and_is_no_failure(words, hint):
    answer = orderhub(*words)

    assert answer.exit_code == 2
    assert hint in answer.stderr
    assert answer.stdout == ""


def test_where_nothing_runs_the_next_step_is_named(tmp_path):
    for words in (("order", "show", "X"), ("inbox", "list"), ("case", "list"), ("policy", "show", "web"), ("migrate",)):
        answer = orderhub(*words, OMS_DATA=str(tmp_path))

        assert answer.exit_code == 1
        assert answer.stderr == f"Error No stack runs on {tmp_path}. Start one: orderhub up\n"


def test_servers_that_do_not_answer_are_named_without_their_passwords():
    keys = {f"OMS_KEYS__{role}": "k" * 32 for role in ("ADMIN", "OPS", "WAREHOUSE", "FINANCE", "SERVICE")}
    keys |= {f"OMS_{name}_KEY": "a" * 43 for name in ("CONTACTS", "PHONE", "SESSION")}
    away = {"OMS_DATABASE_URL": "postgresql://me:hush@127.0.0.1:1/db", "OMS_TEMPORAL__ADDRESS": "127.0.0.1:1"}

    answer = orderhub("inbox", "list", OMS_PUBLIC_URL="http://here.example", **keys, **away)

    assert answer.exit_code == 1
    assert "The database does not answer" in answer.stderr
    assert "hush" not in answer.output


def test_a_setting_that_is_wrong_is_named(tmp_path):
    answer = orderhub("inbox", "list", OMS_DATA=str(tmp_path), OMS_PORT__API="1")

    assert answer.exit_code == 1
    assert "Did you mean OMS_PORTS__API?" in answer.stderr


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604800), ("1d12h", 129600), ("0s", 0)]
)
def test_spans_are_read_as_people_write_them_and_written_so_again(written, seconds):
    assert spelling.span("x", written) == timedelta(seconds=seconds)
    assert spelling.span("x", showing.span(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "7", "d", "-1d", "1d1d", "1w", "1d and more", "99999999999d", "٣m x"])
def test_what_is_no_span_is_refused(written):
    with pytest.raises(typer.BadParameter):
        spelling.span("x", written)


@pytest.mark.parametrize(("written", "minor"), [("500.00", 50000), ("0.01", 1), ("7", 700)])
def test_money_is_read_to_the_fen(written, minor):
    assert spelling.money("x", written) == Money(minor=minor)


@pytest.mark.parametrize("written", ["", "1.001", "-1", "NaN", "Infinity", "1,000.00"])
def test_what_is_no_money_is_refused(written):
    with pytest.raises(typer.BadParameter):
        spelling.money("x", written)


def test_every_number_of_a_policy_can_be_set():
    values = {"approval_limit": "none", "review_flags": "yes", "couriers": "sf, kuaidi100.yto", "provider": "alipay"}
    written = [f"{name}={values.get(name, '3m')}" for name in spelling.WRITABLE]

    changed = spelling.changed(Policy(version=7), spelling.read(written))

    assert {*Policy.model_fields} - {*spelling.WRITABLE} == {"version"}
    assert (changed.version, changed.couriers, changed.provider) == (7, ("sf", "kuaidi100.yto"), "alipay")
    assert all(getattr(changed, name) == timedelta(minutes=3) for name in {*spelling.WRITABLE} - {*values})


def test_the_demo_takes_what_it_is_given():
    assert list(inspect.signature(import_module("demo.play").play).parameters) == ["settings", "orders", "seed", "ends"]


def test_without_its_demo_an_installation_says_so(monkeypatch):
    monkeypatch.setattr("commands.demo.STAGE", "nowhere.play")

    answer = orderhub("demo")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "The demo is not part of this installation" in answer.stderr


async def test_a_shelf_is_filled_and_a_shift_begins_and_ends_by_command(up, tmp_path):
    sender = tmp_path / "sender.json"
    sender.write_text(PERSON.model_dump_json())
    await up.ask("place", "add", "WH-2", "--sender", str(sender), "--kind", "store")
    for _ in range(2):  # the same delivery
        await up.ask("stock", "receive", "WH-2", "cup", "7", "--key", "delivery-1")
    added = await up.ask("shift", "add", "lin", "--robot", "dingtalk", "--hours", "09:00-18:00", "--days", "12345")
    number = (await up.json("shift", "list"))[0]["shift"]
    ended = await up.ask("shift", "end", str(number))

    assert {"id": "WH-2", "name": "WH-2", "district": PERSON.district_code, "kind": "store"} in await up.json(
        "place", "list"
    )
    assert [level["on_hand"] for level in await up.json("stock", "list", "cup")] == [7]
    assert await Boxes(up.db).sender("WH-2") == PERSON
    assert (added.exit_code, ended.exit_code, await up.json("shift", "list")) == (0, 0, [])
    assert (await up.ask("shift", "end", "99")).exit_code == 1
    assert (await up.ask("stock", "receive", "WH-9", "cup", "7")).exit_code == 1


async def test_a_sender_that_cannot_be_one_is_named_field_by_field_and_not_repeated(tmp_path):
    sender = tmp_path / "sender.json"
    sender.write_text(json.dumps({**PERSON.model_dump(), "phone": "13912345678 and more"}))
    answer = orderhub("place", "add", "WH-2", "--sender", str(sender))

    assert (answer.exit_code, "phone" in answer.stderr, "13912345678" in answer.stderr) == (2, True, False)


def a_member(tmp_path, code):
    return Member("member", (sys.executable, "-c", code), {"LEFT": str(tmp_path / "left")}, "http://127.0.0.1:1/")


async def test_who_cannot_start_says_why(tmp_path):
    with pytest.raises(stack.Down, match=r"ended with code 1 while starting.\n(.*\n)?the file of accounts is wrong"):
        async with household(
            [a_member(tmp_path, "raise SystemExit('the file of accounts is wrong')")], tmp_path, print
        ):
            pass


def test_the_door_and_each_worker_get_ports_of_their_own(tmp_path):
    door, *workers = members_of(load(data=tmp_path), 3)

    ports = {member.told["OMS_PORTS__METRICS"] for member in workers}
    assert [member.name for member in (door, *workers)] == ["api", "worker-1", "worker-2", "worker-3"]
    assert len(ports) == 3
    assert {member.told["OMS_PORTS__API"] for member in (door, *workers)} == {door.told["OMS_PORTS__API"]}


async def test_up_says_where_everything_is_and_it_is_there(up, home):
    said = dict(re.findall(r"^([A-Z][\w' ]+?)  +(.+?) *$", up.said, re.MULTILINE))
    names = [" ".join(child.cmdline()) for child in family(up.process)]

    async with httpx.AsyncClient(trust_env=False) as client:
        for name in ("API", "Temporal UI", "Workers' figures"):
            assert (await client.get(said[name], follow_redirects=True)).status_code == 200
        assert (await client.get(said["Board"])).status_code in {200, 303}
        assert (await client.get(said["Board"] + "health/ready")).status_code == 200
    assert said["Admin key"] == f"{home}/data/secrets.json, under keys.admin"
    assert all(any(re.search(rf"cli.py {what} ", name) for name in names) for what in ("api", "worker"))
    secrets = json.loads((home / "data" / "secrets.json").read_text())
    assert not any(secret in up.said for secret in (*secrets["keys"].values(), secrets["postgres_password"]))


async def test_tables_can_be_brought_up_to_date_again(up):
    answer = await up.ask("migrate")

    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "are what this code expects" in answer.stderr


async def test_a_policy_is_set_and_shown_with_its_version(up):
    answer = await up.ask("policy", "set", "web/rush", "pay_within=45m", "approval_limit=500.00", "--by", "lin")

    version = int(re.search(r"Version (\d+) holds for new orders of web/rush", answer.stderr)[1])
    assert answer.exit_code == 0
    assert "pay_within: 30m → 45m\n" in answer.stderr
    assert "approval_limit: - → 500.00 CNY\n" in answer.stderr
    shown = Policy.model_validate(await up.json("policy", "show", "web/rush"))
    assert shown == Policy(version=version, pay_within=timedelta(minutes=45), approval_limit=Money(minor=50000))
    assert "45m" in (await up.ask("policy", "show", "web/rush")).stdout
    assert [deed.who for deed in await Audit(up.db).about(f"web/rush:{version}")] == ["lin"]


async def test_what_returns_are_judged_by_is_set_from_a_file_and_shown(up, tmp_path):
    goods, changes = (Goods(starts="FRESH-", category="fresh_food"),), tmp_path / "changes.json"
    changes.write_text(json.dumps({"freely": {"minor": 2000}, "goods": [goods[0].model_dump(mode="json")]}))
    answer = await up.ask("return-policy", "set", "web/rush", str(changes), "--by", "lin")

    version = int(re.search(r"Version (\d+) holds for new returns of web/rush", answer.stderr)[1])
    shown = ReturnPolicy.model_validate_json((await up.ask("return-policy", "show", "web/rush")).stdout)
    assert shown == ReturnPolicy(version=version, freely=Money(minor=2000), goods=goods)
    assert Policy.model_validate(await up.json("policy", "show", "web/rush")).version != version
    for words, said in (('{"fast": 1}', "There is no fast"), ('{"tiers": []}', "tiers"), ("[", "no JSON")):
        changes.write_text(words)
        wrong = await up.ask("return-policy", "set", "web/rush", str(changes), "--by", "lin")
        assert (wrong.exit_code, said in wrong.stderr) == (2, True)


ACCOUNTS = """
[[couriers.sf]]
partner_id = "p"
checkword = "c"
monthly_card = "m"
push_token = "a-path-that-nobody-guesses-0123456789"
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("couriers=sf,kuaidi100.yto", "no account called kuaidi100. Known: sf."),
        ("provider=wechat", "no account called wechat. Known: none; OMS_PARTIES_FILE names them."),
    ],
)
async def test_a_policy_names_nobody_with_whom_we_have_no_account(up, tmp_path, change, said):
    accounts = tmp_path / "parties.toml"
    accounts.write_text(ACCOUNTS)
    told = partial(orderhub, OMS_PARTIES_FILE=str(accounts))

    wrong = await asyncio.to_thread(told, "policy", "set", "web/rash", change)
    right = await asyncio.to_thread(told, "policy", "set", "web/rash", "couriers=sf")

    assert (wrong.exit_code, right.exit_code) == (2, 0)
    assert said in wrong.stderr
    assert (await up.json("policy", "show", "web/rash"))["couriers"] == ["sf"]


async def test_an_order_is_shown_by_whatever_of_it_is_in_hand(up):
    order = await up.begun()
    await up.recorded(order)

    for words in (order.id, order.id.rpartition("/")[2], order.business_no.lower()):
        assert (await up.json("order", "show", words))["order"] == order.id
    answer = await up.ask("order", "show", order.id)
    assert "RECEIVED" in answer.stdout
    assert f"workflows/order%2F{order.id.replace('/', '%2F')}" in answer.stdout
    assert not any(word in answer.output for word in (PERSON.name, PERSON.phone, PERSON.address))
    unknown = await up.ask("order", "show", "nobody/knows/this")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("Error There is no such order.")


async def test_an_order_that_waits_for_a_silent_hand_is_explained(up):
    order = await up.begun()

    async def tried():
        answer = await up.json("order", "explain", order.id)
        return answer if answer["pending"] else None

    answer = await becomes(tried)
    assert answer["story"] == "runs"
    assert answer["explanation"]["waits_for"] == "unpaid"
    assert [(hand["hand"], hand["attempt"]) for hand in answer["pending"]] == [("create_payment", 1)]
    said = await up.ask("order", "explain", order.id)
    assert "create_payment" in said.stdout
    assert not any(word in said.output for word in (PERSON.name, PERSON.phone, PERSON.address))


async def test_a_story_that_was_lost_goes_on_and_one_that_runs_is_left_alone(up):
    order = await up.begun()
    before = await up.recorded(order, lambda record: record.order.boxes)
    story = up.temporal.get_workflow_handle(f"order/{order.id}")
    first = (await story.describe()).run_id

    assert "runs already: nothing was done" in (await up.ask("order", "revive", order.id)).stderr
    await story.terminate("lost")
    assert "orderhub order revive" in (await up.ask("order", "explain", order.id)).stderr
    answer = await up.ask("order", "revive", order.id, "--by", "lin")

    assert (answer.exit_code, answer.stdout) == (0, "")
    assert f"The story of {order.id} goes on" in answer.stderr
    assert (await story.describe()).run_id != first
    assert (await up.json("order", "explain", order.id))["story"] == "runs"
    after = await up.recorded(order, lambda record: record.order.version > before.order.version)
    assert after.order.boxes == before.order.boxes
    assert [(deed.who, deed.what) for deed in await Audit(up.db).about(order.id)] == [("lin", "revive")]


@pytest.mark.parametrize("words", [(), ("web/demo/1", "--all")])
def test_one_order_is_revived_or_all_of_them(words):
    answer = orderhub("order", "revive", *words)

    assert answer.exit_code == 2
    assert "Name one order, or --all of them." in answer.stderr


@pytest.mark.parametrize("words", [("show",), ("current", "0.2.0"), ("ramp", "0.2.0", "10")], ids=" ".join)
async def test_where_workers_have_no_versions_deploy_says_how_they_get_them(up, words):
    answer = await up.ask("deploy", *words)

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "No worker ever came as a version of order-hub. Give the workers a version" in answer.stderr


async def test_a_backup_is_written_while_everything_runs_and_never_over_another(up, tmp_path):
    order, file = await up.begun(), tmp_path / "store.dump"
    first, again = [await up.ask("backup", str(file)) for _ in range(2)]

    assert (first.exit_code, first.stdout) == (0, "")
    assert "Keep elsewhere what opens it" in first.stderr
    assert "secrets.json" in first.stderr
    assert file.read_bytes().startswith(b"PGDMP")
    assert order.id.encode() not in first.stderr.encode()
    assert again.exit_code == 1
    assert "is there already" in again.stderr


async def test_a_house_that_stands_is_not_restored_over(up, tmp_path):
    (tmp_path / "store.dump").write_bytes(b"PGDMP")
    answer = await up.ask("restore", str(tmp_path / "store.dump"))

    assert answer.exit_code == 1
    assert "A stack already runs on" in answer.stderr


async def test_an_order_that_is_over_is_left_in_peace(up):
    order = an_order(id="web/demo/OVER1", business_no="OVER1", version=1)
    await OrderBook(up.db).put(Record(order=order, standing=standing(order), is_ended=True))

    answer = await up.ask("order", "revive", order.id)

    assert (answer.exit_code, answer.stdout) == (0, "")
    assert "there is nothing to revive" in answer.stderr
    with pytest.raises(RPCError):
        await up.temporal.get_workflow_handle(f"order/{order.id}").describe()
    assert (await up.json("order", "explain", order.id))["story"] == "ended"


async def test_of_two_orders_with_one_number_none_is_guessed(up):
    for shop in ("one", "two"):
        order = an_order(id=f"web/{shop}/SAME1", business_no=f"SAME{shop}", version=1)
        await OrderBook(up.db).put(Record(order=order, standing=standing(order)))

    answer = await up.ask("order", "show", "SAME1")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert {"web/one/SAME1", "web/two/SAME1"} <= set(re.split(r"[,\s]+", answer.stderr))


async def test_the_case_of_a_stuck_order_is_told_what_helps(up):
    order = await up.begun(sku="sold-out")
    case = await up.case_of(order)

    answer = await up.ask("case", "close", str(case["id"]), "--by", "lin")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "Error Its order stands still until somebody presses Retry or Give up on its page.\n"
    assert case["id"] in [row["id"] for row in await up.json("case", "list")]


async def test_a_case_is_listed_and_closed_with_a_note_in_its_story_too(up):
    order = await up.begun()
    await up.urge(order)
    case = await up.case_of(order)
    assert order.id in (await up.ask("case", "list", "--shop", "web/demo")).stdout
    closed = await up.ask("case", "close", str(case["id"]), "--by", "lin", "--note", "called 13912345678")
    again = await up.ask("case", "close", str(case["id"]), "--by", "lin")

    assert (closed.exit_code, closed.stderr) == (0, f"Case {case['id']} is closed.\n")
    assert (again.exit_code, again.stderr) == (1, "Error This case is closed. See them: orderhub case list --closed\n")
    [known] = [row for row in await up.json("case", "list", "--closed") if row["id"] == case["id"]]
    assert known["closed_by"] == "lin"
    assert await up.contacts.note(known["note_id"]) == "called 13912345678"
    after = await up.recorded(order, lambda record: any(case.closed_by for case in record.order.cases))
    assert [case.closed_by for case in after.order.cases] == ["lin"]


async def test_what_nobody_is_addressed_by_is_listed_and_told_again(up):
    message = a_message("no-such-number", id="lost-1")
    [kept] = await Inbox(up.db, up.contacts).keep("wechat", "main", b"raw", [message])

    [row] = [row for row in await up.json("inbox", "list") if row["id"] == kept.row]
    assert (row["code"], row["order_id"]) == ("unaddressed", None)
    assert "nobody's yet: no-such-number" in (await up.ask("inbox", "list")).stdout
    replayed = await up.ask("inbox", "replay", str(kept.row))
    assert (replayed.exit_code, replayed.stdout) == (0, "")
    assert "is told again" in replayed.stderr
    unknown = await up.ask("inbox", "replay", "999999")
    assert (unknown.exit_code, unknown.stderr) == (1, "Error There is no such row. See them: orderhub inbox list\n")


async def test_what_the_house_finds_in_its_books_is_listed_and_closed_like_any_case(up):
    [kept] = await Inbox(up.db, up.contacts).keep("alipay", "main", b"raw", [a_message("no-number", id="lost-2")])
    await Inbox(up.db, up.contacts).park(kept.row, "unreadable")

    async def round_by_round():
        await up.temporal.get_schedule_handle("housekeeping").trigger()
        return [row for row in await up.json("case", "list", "--party", "alipay") if row["shop"] is None]

    [case] = await becomes(round_by_round)
    assert "alipay/unreadable" in (await up.ask("case", "list")).stdout
    closed = await up.ask("case", "close", str(case["id"]), "--by", "lin", "--note", "asked them")
    assert (case["case"]["deadline"], closed.exit_code) == ("stranded", 0)
    [known] = [row for row in await up.json("case", "list", "--closed") if row["id"] == case["id"]]
    assert (known["closed_by"], await up.contacts.note(known["note_id"])) == ("lin", "asked them")


async def test_a_worker_knows_its_queues(up, home):
    process, diary = start(home, "worker", "--queues", "stories,storys")

    assert await asyncio.to_thread(process.wait, 60) == 2
    assert "There is no queue storys. There are: stories, ours, reminders" in diary.read_text()


async def test_up_that_is_killed_leaves_nobody_and_told_to_end_while_it_starts_it_leaves_nobody(up, home):
    members = family(up.process)
    assert {"postgres", "temporal"} <= {member.name() for member in members}

    up.process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(eventually, lambda: all(map(is_gone, members)))

    process, diary = start(home, "up")
    await asyncio.to_thread(eventually, lambda: "Tables" in diary.read_text())
    members = await asyncio.to_thread(eventually, lambda: any_ours(family(process)))
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 60) == 0
    assert all(map(is_gone, members))


def any_ours(members):
    return members if any("cli.py" in " ".join(words_of(member)) for member in members) else None


def words_of(member):
    """None of who has ended meanwhile."""
    try:
        return member.cmdline()
    except psutil.NoSuchProcess:
        return []

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

import stack
from beside import ground, leash, postgres
from beside.attributes import Attribute, ensure_searchable
from settings import DRIVER, load

ANY_PORTS = {"postgres": 0, "temporal": 0, "ui": 0}
STARTER = """
import signal, sys, time
from settings import load
from stack import standing

signal.signal(signal.SIGINT, signal.default_int_handler)  # whom a shell began with `&` is deaf to it, and so we were
with standing(load(data=sys.argv[1], ports={"postgres": 0, "temporal": 0, "ui": 0})) as stack:
    print("up", flush=True)
    while True:
        time.sleep(1)
"""


@pytest.fixture(scope="module")
def home():
    """One folder for all tests, so that its database is made once.

    Not below pytest's own folder: a run of pytest beside this one shuts that to other users, PostgreSQL's among them.
    """
    with tempfile.TemporaryDirectory(prefix="orderhub-") as folder:
        yield Path(folder) / "data"


@pytest.fixture(scope="module")
async def running():
    """A stack for those who only look."""
    with tempfile.TemporaryDirectory(prefix="orderhub-") as folder:
        async with stack.embedded(load(data=Path(folder), ports=ANY_PORTS)) as running:
            yield running


@pytest.fixture
def told(home):
    return load(data=home, ports=ANY_PORTS)


async def ask(reached, question):
    async with await psycopg.AsyncConnection.connect(reached.settings.database.replace(DRIVER, "postgresql://")) as db:
        answer = await db.execute(question)
        return await answer.fetchall() if answer.description else []


async def stories_of(reached):
    return await Client.connect(reached.settings.temporal_address)


def eventually(holds, within=30):
    """Poll until it is so."""
    too_late = time.monotonic() + within
    while not holds():
        assert time.monotonic() < too_late
        time.sleep(0.02)


def is_gone(process):
    """Also who only waits to be counted by init, which takes its time in some containers."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def starter(home):
    """Somebody else who starts the stack, and everybody who belongs to it."""
    command = [sys.executable, "-c", STARTER, str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(stack.__file__).parent)
    assert process.stdout.readline() == b"up\n"
    return process, psutil.Process(process.pid).children(recursive=True)


def end(process, by):
    process.send_signal(by)
    process.wait(60)
    process.stdout.close()


def leashes(home):
    """Those that hold this folder's servers: whoever runs these tests may hold servers of other tests too."""
    ours = psutil.Process().children()
    return [process for process in ours if any(word.startswith(f"{home}/") for word in process.cmdline())]


async def test_a_starter_that_is_killed_leaves_nobody_and_nothing_is_lost(home, told):
    process, family = starter(home)
    assert {"postgres", "temporal"} <= {member.name() for member in family}
    await ask(stack.join(told), "CREATE TABLE told AS SELECT '已付款' AS words")
    await (await stories_of(stack.join(told))).start_workflow("AnyStory", id="order/own/demo/1", task_queue="nobody")

    end(process, signal.SIGKILL)

    eventually(lambda: all(map(is_gone, family)))
    async with stack.embedded(told) as again:
        assert await ask(again, "SELECT words FROM told") == [("已付款",)]
        story = (await stories_of(again)).get_workflow_handle("order/own/demo/1")
        assert (await story.describe()).status.name == "RUNNING"


def test_where_no_stack_runs_there_is_none_to_join(tmp_path):
    with pytest.raises(stack.Down, match="Start one: orderhub up"):
        stack.join(load(data=tmp_path))


async def test_who_works_on_the_same_folder_joins_and_a_second_stack_is_refused(running):
    ours = load(data=running.settings.data)

    assert stack.join(ours).settings.database == running.settings.database
    assert stack.join(ours).settings.temporal_address == running.settings.temporal_address
    assert stack.join(ours).ui == running.ui
    with pytest.raises(stack.Down, match=rf"already runs on .* \(process {os.getpid()}\)"):
        async with stack.embedded(ours):
            pass


async def test_the_log_of_the_database_quotes_nobody(running):
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        await ask(running, "SELECT '张三 13800138000'::int")
    with pytest.raises(psycopg.errors.NotNullViolation):
        await ask(running, "CREATE TABLE who (name text, phone text NOT NULL); INSERT INTO who VALUES ('李四', NULL)")

    log = (running.settings.data / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert not any(word in log for word in ("张三", "13800138000", "李四"))


async def test_a_story_can_be_searched_by_what_it_waits_for(running):
    stories = await stories_of(running)

    found = await stories.count_workflows("OmsOverdue = true AND OmsStage = 'paid' AND OmsDue < '2030-01-01T00:00:00Z'")

    assert found.count == 0


async def test_a_search_attribute_that_the_server_lacks_is_made(running):
    stories = await stories_of(running)

    await ensure_searchable(stories, [Attribute("OmsLate", "Bool", "= true")])

    assert (await stories.count_workflows("OmsLate = true")).count == 0


async def test_a_search_attribute_that_we_may_not_make_is_asked_of_the_operator(running):
    too_many = [Attribute(f"OmsToo{number}", "Bool", "= true") for number in range(9)]

    with pytest.raises(stack.Down) as caught:
        await ensure_searchable(await stories_of(running), too_many)

    assert "search-attribute create --namespace default --name OmsToo0 --type Bool" in str(caught.value)


async def test_taken_ports_are_left_alone_and_said(told):
    with ExitStack() as others:
        taken = {what: others.enter_context(socket.create_server(("127.0.0.1", 0))) for what in ANY_PORTS}
        usual = {what: other.getsockname()[1] for what, other in taken.items()}

        async with stack.embedded(load(data=told.data, ports=usual)) as running:
            assert {moved.what: moved.usual for moved in running.moved} == usual
            assert all(moved.port not in usual.values() for moved in running.moved)
            assert await ask(running, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_starter_that_is_asked_to_end_leaves_nobody(home, by):
    process, family = starter(home)

    end(process, by)

    eventually(lambda: all(map(is_gone, family)))
    eventually(lambda: not ground.is_taken(home))


def test_a_server_whose_leash_was_killed_is_ended_by_the_next_stack(home):
    owner = postgres.prepare(home / "postgres", load(data=home).postgres_password.get_secret_value())
    held = leash.leash(postgres.command(home / "postgres", ground.free_port(0)), terms=leash.Terms(owner=owner))
    eventually(lambda: [child.name() for child in psutil.Process(held.pid).children()] == ["postgres"])
    (server,) = psutil.Process(held.pid).children()
    held.kill()
    leash.let_go(held)
    assert not is_gone(server)

    ground.sweep(home)

    assert is_gone(server)


def test_a_command_that_does_not_listen_is_killed_when_its_time_is_over(tmp_path):
    deafly = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); signal.pause()"
    with (tmp_path / "log").open("wb") as log:
        held = leash.leash([sys.executable, "-c", deafly], log, leash.Terms(within=0.2))
    eventually((tmp_path / "log").read_bytes)

    leash.let_go(held)

    assert held.returncode == 128 + signal.SIGKILL


def test_the_end_code_of_a_command_is_handed_on():
    held = leash.leash([sys.executable, "-c", "raise SystemExit(7)"])

    assert held.wait(10) == 7

    leash.let_go(held)


@pytest.mark.parametrize("whom", ["server", "leash"])
async def test_a_server_that_is_killed_comes_back_with_all_it_knew(told, whom):
    said = []
    async with stack.embedded(told, said.append) as running:
        await ask(running, f"CREATE TABLE kept_{whom} AS SELECT 1 AS one")
        stories = await stories_of(running)
        await stories.start_workflow("AnyStory", id=f"order/own/demo/{whom}", task_queue="nobody")

        held, since = leashes(told.data), await started(running)
        assert len(held) == 2  # PostgreSQL's and Temporal's
        for leashed in held:
            victims = leashed.children() if whom == "server" else [leashed]
            for victim in victims:
                victim.kill()
        async with asyncio.timeout(60):
            while len(said) < 2 or not await is_back(running, since):
                await asyncio.sleep(0.1)

        assert await ask(running, f"TABLE kept_{whom}") == [(1,)]
        assert (await stories.get_workflow_handle(f"order/own/demo/{whom}").describe()).status.name == "RUNNING"
        await ask(running, f"DROP TABLE kept_{whom}")


async def started(running):
    return await ask(running, "SELECT pg_postmaster_start_time()")


async def is_back(running, since):
    """Another server than before: the one that lost its leash may still answer while it ends."""
    with suppress(psycopg.OperationalError, RPCError, RuntimeError):  # the last: nobody listens at Temporal's port yet
        if await started(running) == since:
            return False
        return await (await stories_of(running)).count_workflows() is not None
    return False


async def test_a_server_that_cannot_start_says_why_and_nobody_stays():
    with tempfile.TemporaryDirectory(prefix="orderhub-") as folder:
        told = load(data=Path(folder), ports=ANY_PORTS).reached_at(temporal="127.0.0.1:1")
        (told.data / "postgres").mkdir()
        (told.data / "postgres" / "PG_VERSION").write_text("9.6")

        with pytest.raises(stack.Down, match="postgres ended with code 2 while starting") as caught:
            async with stack.embedded(told):
                pass

        assert f"The end of {folder}/postgres.log:\npostgres: " in str(caught.value)
        assert not ground.is_taken(told.data)
        assert not (told.data / "running.json").exists()


async def test_a_lost_password_is_said(told):
    stranger = told.model_copy(update={"postgres_password": told.session_key}).reached_at(temporal="127.0.0.1:1")

    with pytest.raises(stack.Down, match=r"password in secrets\.json"):
        async with stack.embedded(stranger):
            pass


async def test_an_address_where_nobody_answers_is_named_without_its_password(told):
    nobody = told.reached_at(database="postgresql://orders:hush-hush@127.0.0.1:1/orders", temporal="127.0.0.1:1")

    with pytest.raises(stack.Down, match="OMS_DATABASE_URL does not answer") as caught:
        async with stack.embedded(nobody):
            pass

    assert "hush" not in str(caught.value)


async def test_a_temporal_where_nobody_answers_is_named(told):
    with pytest.raises(stack.Down, match=r"127\.0\.0\.1:1 \(OMS_TEMPORAL__ADDRESS\) does not answer"):
        async with stack.embedded(told.reached_at(temporal="127.0.0.1:1")):
            pass


def test_a_database_half_made_is_made_anew():
    with tempfile.TemporaryDirectory(prefix="orderhub-") as folder:
        half = Path(folder) / "postgres.new"
        half.mkdir()
        (half / "PG_VERSION").write_text("18")

        postgres.prepare(Path(folder) / "postgres", "a-password")

        assert (Path(folder) / "postgres" / "global" / "pg_control").exists()
        assert [path.name for path in Path(folder).iterdir()] == ["postgres"]

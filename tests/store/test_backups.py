import asyncio
import stat

import pytest
from sqlalchemy import text

from beside import dumps
from models.errors import Refused
from models.place import Place
from stack import Down
from store.backups import Backups
from store.claims import Claims
from store.contacts import Contacts
from store.database import Broken, Database, is_current, migrate
from store.policies import Policies
from store.stock import Shelves
from tests.store.makings import a_new_order

KEY, ANOTHER, PHONES = bytes(32), bytes(31) + b"1", b"2" * 32


def plain(url):
    return url.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture
async def elsewhere(postgres):
    """A database in which nobody ever made a table."""
    return postgres.url(postgres.create())


@pytest.fixture
async def there(elsewhere):
    there = await Database.open(elsewhere, size=2)
    yield there
    await there.close()


@pytest.fixture
async def order(db):
    contacts = Contacts(db, KEY, PHONES)
    await Shelves(db).add_place(Place(id="WH-1", name="one", district="330106"))
    await Shelves(db).receive("WH-1", "tea", 100, "opening", "open-1")
    return (await Claims(db, contacts, Policies(db)).claim(a_new_order(), b"raw")).order


async def test_everything_comes_back_and_is_read_with_the_same_keys_alone(db, url, order, there, elsewhere, tmp_path):
    file = tmp_path / "store.dump"

    assert await Backups(there).is_empty()

    await asyncio.to_thread(dumps.dump, plain(url), file)
    await asyncio.to_thread(dumps.load, file, plain(elsewhere))
    await migrate(elsewhere)
    theirs, ours = Contacts(there, ANOTHER, PHONES), Contacts(there, KEY, PHONES)

    assert await is_current(elsewhere)
    assert not await Backups(there).is_empty()
    assert (await Backups(there).contents())[:2] == (1, 0)
    assert await Claims(there, ours, Policies(there)).seed(order.id) == order
    assert await Shelves(there).levels() == await Shelves(db).levels()
    assert await ours.get(order.id, 1) == await Contacts(db, KEY, PHONES).get(order.id, 1)
    assert [await Backups(there).sealed_by_others(keys) for keys in (ours, theirs)] == [0, 1]
    with pytest.raises(Broken):
        async with there.begin() as conn:
            await conn.execute(text("DELETE FROM stock_ledger"))


async def test_a_backup_is_for_its_owner_alone(url, order, tmp_path):
    file = tmp_path / "store.dump"
    await asyncio.to_thread(dumps.dump, plain(url), file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


async def test_where_tables_are_nothing_is_restored(url, order, there, elsewhere, tmp_path):
    file = tmp_path / "store.dump"
    await asyncio.to_thread(dumps.dump, plain(url), file)
    async with there.begin() as conn:
        await conn.execute(text("CREATE TABLE audit (n int)"))
    with pytest.raises(Down, match="pg_restore could not do it"):
        await asyncio.to_thread(dumps.load, file, plain(elsewhere))

    async with there.begin() as conn:
        tables = await conn.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        assert [row[0] for row in tables] == ["audit"]


async def test_a_backup_that_fails_leaves_no_file_and_tells_no_password(postgres, tmp_path):
    url = plain(postgres.url("nowhere"))
    with pytest.raises(Down, match="nowhere") as failed:
        await asyncio.to_thread(dumps.dump, url, tmp_path / "store.dump")

    assert list(tmp_path.iterdir()) == []
    assert "tests@" not in str(failed.value)


async def test_tables_of_newer_code_are_not_touched(url, order, there, elsewhere, tmp_path):
    file = tmp_path / "store.dump"
    await asyncio.to_thread(dumps.dump, plain(url), file)
    await asyncio.to_thread(dumps.load, file, plain(elsewhere))
    async with there.begin() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Refused, match="tables_newer"):
        await migrate(elsewhere)

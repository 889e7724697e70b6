import asyncio
import sys

import psutil

from beside.keeping import Charge, Keeper
from beside.leash import leash


def leashed():
    """Those that we hold now; other tests of this process may hold some of their own."""
    return {child.pid for child in psutil.Process().children() if "leash.py" in " ".join(child.cmdline())}


async def silent():
    return False


async def test_who_ends_by_itself_is_started_again_and_nobody_stays(tmp_path):
    before = leashed()
    told, left, diary = [], tmp_path / "left", tmp_path / "member.log"
    code = f"import sys; open({str(left)!r}, 'a').write('x'); sys.exit(7)"
    keeper = Keeper(told.append)
    await keeper.take(Charge("member", lambda: leash([sys.executable, "-c", code]), silent, diary))

    async with asyncio.timeout(30), keeper.keeping():
        while not left.exists() or left.stat().st_size < 2:
            await asyncio.sleep(0.02)
    await asyncio.to_thread(keeper.let_go)

    assert told[0] == f"member ended with code 7; it is started again in 1 s. Its log: {diary}"
    assert leashed() <= before

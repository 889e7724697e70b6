import os
import secrets
import signal
import stat
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from moto.server import ThreadedMotoServer

from models.errors import Missing, Unavailable
from settings import Pictures
from store.shelf import ABANDONED, Bucket, Folder, shelf_at

HOUSE = Path(__file__).parent.parent.parent
KILLED_WHILE = """
import asyncio, os, signal, sys
from pathlib import Path
from store.shelf import Folder
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(Folder(Path(sys.argv[1])).put(sys.argv[2], b"half" * 1000))
"""


def a_name():
    return f"picture-{secrets.token_hex(8)}"


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def service():
    """A service that speaks S3, of somebody else's making."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    httpx.put(f"{address}/shots").raise_for_status()
    yield address
    server.stop()


@pytest.fixture
def attentive():
    """A door that thanks for everything, and what it was asked."""
    seen = []

    class Attentive(BaseHTTPRequestHandler):
        def do_PUT(self):  # the library's name
            self.rfile.read(int(self.headers["content-length"]))
            seen.append((self.path, self.headers))
            self.send_response(200)
            self.send_header("etag", '"1"')
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Attentive) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield seen, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def a_place(service, **fields):
    made = {"bucket": "shots", "endpoint": service, "key_id": "one-key", "secret": "one-secret"}
    return Pictures(**{**made, **fields})


@pytest.fixture(params=["folder", "bucket"])
def shelf(request, tmp_path):
    if request.param == "folder":
        return Folder(tmp_path / "pictures")
    return shelf_at(a_place(request.getfixturevalue("service")), tmp_path)


async def test_what_was_put_down_is_found_again(shelf):
    name, sealed = a_name(), secrets.token_bytes(5 * 1024 * 1024 + 28)

    await shelf.put(name, sealed)

    assert await shelf.get(name) == sealed


async def test_what_is_put_down_again_is_there_once_as_it_was_last(shelf):
    name = a_name()
    await shelf.put(name, b"first")
    await shelf.put(name, b"again")

    assert await shelf.get(name) == b"again"
    await shelf.remove(name)
    with pytest.raises(Missing, match="picture_gone"):
        await shelf.get(name)


async def test_what_was_never_there_may_be_removed_and_is_not_found(shelf):
    name = a_name()
    await shelf.remove(name)
    await shelf.remove(name)

    with pytest.raises(Missing, match="picture_gone"):
        await shelf.get(name)


@pytest.mark.parametrize("name", ["../secrets", "/etc/passwd", "picture-0123456789abcdef/..", ""])
async def test_only_names_of_ours_lie_there(shelf, name):
    for doing in (shelf.put(name, b"x"), shelf.get(name), shelf.remove(name)):
        with pytest.raises(ValueError, match="no name of ours"):
            await doing


async def test_only_its_owner_reads_a_file(tmp_path):
    root, name = tmp_path / "pictures", a_name()
    await Folder(root).put(name, b"sealed")

    [file] = files(root)
    assert file.relative_to(root) == Path(name[-2:]) / name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (root, file.parent)} == {0o700}


async def test_who_is_killed_between_writing_and_renaming_leaves_nothing_half(tmp_path):
    folder, name = Folder(tmp_path), a_name()
    command = [sys.executable, "-c", KILLED_WHILE, str(tmp_path), name]
    killed = subprocess.run(command, cwd=HOUSE, check=False)  # noqa: ASYNC221  # nothing else runs meanwhile
    [left] = files(tmp_path)

    assert killed.returncode == -signal.SIGKILL
    assert left.parent.name == "unfinished"
    with pytest.raises(Missing, match="picture_gone"):
        await folder.get(name)
    await folder.put(name, b"whole")
    assert await folder.get(name) == b"whole"
    assert left.exists()  # somebody may write it still
    os.utime(left, (0, time.time() - ABANDONED - 1))
    await folder.put(name, b"whole")
    assert files(tmp_path) == [tmp_path / name[-2:] / name]


async def test_a_folder_that_cannot_be_written_is_away(tmp_path):
    (tmp_path / "pictures").write_text("somebody's file")

    with pytest.raises(Unavailable, match="shelf_away"):
        await Folder(tmp_path / "pictures").put(a_name(), b"sealed")


async def test_a_bucket_that_is_not_there_is_away(service):
    with pytest.raises(Unavailable, match="shelf_away"):
        await Bucket.at(a_place(service, bucket="no-such-bucket")).put(a_name(), b"sealed")


async def test_a_bucket_that_does_not_answer_is_away(monkeypatch):
    monkeypatch.setattr("store.shelf.TRIES", 0)
    nobody = Bucket.at(a_place("http://127.0.0.1:9"))

    for doing in (nobody.put(a_name(), b"x"), nobody.get(a_name()), nobody.remove(a_name())):
        with pytest.raises(Unavailable, match="shelf_away"):
            await doing


async def test_a_bucket_is_asked_by_our_settings_whatever_the_environment_says(attentive, monkeypatch):
    seen, address = attentive
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("AWS_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "somebody-elses")
    name = a_name()

    await Bucket.at(a_place(address, region="cn-north-1")).put(name, b"sealed")

    [(path, told)] = seen
    assert path == f"/shots/pictures/{name}"
    assert told["authorization"].startswith("AWS4-HMAC-SHA256 Credential=one-key/")
    assert "/cn-north-1/s3/aws4_request" in told["authorization"]
    assert "somebody-elses" not in str(told)


async def test_a_bucket_with_a_host_of_its_own_is_not_named_in_the_path(attentive):
    seen, address = attentive
    name = a_name()

    await Bucket.at(a_place(address, virtual_hosted=True)).put(name, b"sealed")

    assert [path for path, _ in seen] == [f"/pictures/{name}"]


def test_a_folder_lies_in_the_data_folder_unless_another_is_named(tmp_path):
    assert shelf_at(Pictures(), tmp_path).root == tmp_path / "pictures"
    assert shelf_at(Pictures(folder=tmp_path / "shots"), tmp_path).root == tmp_path / "shots"

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest

# A full machine is no wrong answer.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
os.environ["COLUMNS"] = "200"  # tables are read here by their words, wherever this runs


def pytest_addoption(parser):
    parser.addoption("--record", action="store_true", help="write histories that are missing")
    parser.addoption("--every-step", action="store_true", help="lose stories after every step of every life: minutes")


LONG = (
    "test_kill",
    "test_bulk_stories",
    "test_play",
    "test_bulk.",
    "test_every_wish",
    "test_every_deadline",
    "test_every_await",
    "test_failures",
    "test_reopened",
    "test_versions",
    "test_deploying",
    "test_wishes",
    "test_deadlines",
    "test_stack",
    "test_cli",
    "test_restarts",
    "test_return_pages",
    "test_ready",
)


def pytest_collection_modifyitems(items):
    """Long files first, so that at the end no core waits for one of them."""
    items.sort(key=lambda item: next((at for at, name in enumerate(LONG) if name in item.path.name), len(LONG)))


@pytest.fixture
def home():
    """A folder for a whole stack: short, and outside pytest's own, for PostgreSQL does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="orderhub-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)

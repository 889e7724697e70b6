import ast
import json
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from temporalio.common import WorkerDeploymentVersion

from models.case import Role
from running import keys_of
from settings import RECIPE, Misconfigured, load, raw_key, variables

ROOT = Path(__file__).parent.parent
URL = "postgres://orders:hush-hush@db.example/orders"
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # 32 digits


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """No variable of the person who runs the tests."""
    for variable in variables():
        monkeypatch.delenv(variable.name, raising=False)


@pytest.fixture
def production(monkeypatch):
    told = {
        "OMS_DATABASE_URL": URL,
        "OMS_TEMPORAL__ADDRESS": "temporal.example:7233",
        "OMS_PUBLIC_URL": "https://orders.example",
        **{f"OMS_{name}_KEY": KEY for name in ("CONTACTS", "PHONE", "SESSION")},
        **{f"OMS_KEYS__{role}": f"{role}-0123456789-0123456789" for role in ("ADMIN", "OPS", "WAREHOUSE", "FINANCE")},
        "OMS_KEYS__SERVICE": "service-0123456789-0123456789",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_secrets_of_an_embedded_stack_are_made_once_and_kept_privately(tmp_path):
    first, again = load(data=tmp_path / "data"), load(data=tmp_path / "data")

    assert first == again
    assert len(raw_key(first.contacts_key)) == 32
    assert first.contacts_key != first.phone_key
    assert stat.S_IMODE((tmp_path / "data" / "secrets.json").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secrets.json"]


def test_a_secret_that_is_given_goes_before_one_that_was_made(tmp_path, monkeypatch):
    made = load(data=tmp_path)
    monkeypatch.setenv("OMS_KEYS__ADMIN", "x" * 24)

    told = load(data=tmp_path)

    assert told.keys.admin == SecretStr("x" * 24)
    assert told.keys.ops == made.keys.ops


def test_a_secret_that_came_later_is_added_to_those_that_were_made(tmp_path):
    made = load(data=tmp_path)
    path = tmp_path / "secrets.json"
    path.write_text(
        json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name != "phone_key"})
    )

    told = load(data=tmp_path)

    assert told.phone_key != made.phone_key
    assert told.contacts_key == made.contacts_key


def test_the_embedded_stack_speaks_to_people_and_production_to_machines(tmp_path, production):
    assert load(data=tmp_path).log_format == "json"

    production.delenv("OMS_DATABASE_URL")

    assert load(data=tmp_path).log_format == "text"


def test_callbacks_come_to_this_machine_unless_said_otherwise(tmp_path, monkeypatch):
    monkeypatch.setenv("OMS_PORTS__API", "8123")

    assert load(data=tmp_path).public_url == "http://127.0.0.1:8123"


@pytest.mark.parametrize("name", ["OMS_CONTACTS_KEY", "OMS_PHONE_KEY", "OMS_KEYS__FINANCE", "OMS_PUBLIC_URL"])
def test_production_without_a_secret_says_which_and_how_to_make_one(name, production, tmp_path):
    production.delenv(name)

    with pytest.raises(Misconfigured) as caught:
        load(data=tmp_path)

    assert str(caught.value).startswith(f"{name} is not set. ")
    assert str(caught.value).endswith(RECIPE)
    assert not (tmp_path / "secrets.json").exists()


def test_every_mistake_is_named_at_once_and_no_value_is_repeated(production, tmp_path):
    production.setenv("OMS_DATABASE_URL", "mysql://orders:hush-hush@db.example/orders")
    production.setenv("OMS_KEYS__OPS", "too-short")
    production.setenv("OMS_PHONE_KEY", "no-key")
    production.setenv("OMS_SLOTS__PARTIES", '{"sf": 0}')
    production.setenv("OMS_DATABSE_URL", "x")

    with pytest.raises(Misconfigured) as caught:
        load(data=tmp_path)

    words = str(caught.value)
    assert [line.split(" ")[0].rstrip(":") for line in words.splitlines()] == [
        "OMS_DATABSE_URL",
        "OMS_DATABASE_URL",
        "OMS_SLOTS__PARTIES",
        "OMS_KEYS__OPS",
        "OMS_PHONE_KEY",
    ]
    assert "Did you mean OMS_DATABASE_URL?" in words
    assert not any(value in words for value in ("hush", "too-short", "no-key"))


def test_what_should_be_json_and_is_not_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("OMS_SLOTS__PARTIES", "sf=5")

    with pytest.raises(Misconfigured, match=r"slots.*must be JSON"):
        load(data=tmp_path)


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(Misconfigured, match="OMS_DATA: the folder cannot be used: "):
        load(data=tmp_path / "file" / "data")


@pytest.mark.parametrize(("told", "build"), [("", None), ("0.2.0", "0.2.0"), ("3f1c9ab", "3f1c9ab")])
def test_a_worker_comes_as_a_version_only_if_it_is_told_one(production, tmp_path, told, build):
    production.setenv("OMS_TEMPORAL__BUILD_ID", told)

    version = load(data=tmp_path).temporal.version

    assert version == (build and WorkerDeploymentVersion("order-hub", build))


@pytest.mark.parametrize(("name", "value"), [("DEPLOYMENT", "order.hub"), ("BUILD_ID", "0.2 of today")])
def test_a_version_that_temporal_would_misread_is_refused(production, tmp_path, name, value):
    production.setenv(f"OMS_TEMPORAL__{name}", value)

    with pytest.raises(Misconfigured, match=f"^OMS_TEMPORAL__{name}: "):
        load(data=tmp_path)


def test_a_variable_left_empty_is_a_variable_not_set(production, tmp_path):
    production.setenv("OMS_TEMPORAL__API_KEY", "")
    production.setenv("OMS_PARTIES_FILE", "")

    told = load(data=tmp_path)

    assert told.temporal.api_key is None
    assert told.parties_file is None


def test_nothing_secret_is_shown(production, tmp_path):
    told = load(data=tmp_path)

    assert "hush" not in repr(told)
    assert KEY not in repr(told)
    assert told.database == "postgresql+psycopg://orders:hush-hush@db.example/orders"


def test_settings_do_not_change(tmp_path):
    told = load(data=tmp_path)

    with pytest.raises(ValidationError, match="frozen"):
        told.queues = ("ours",)
    with pytest.raises(ValidationError, match="frozen"):
        told.ports.api = 1


def test_nothing_is_told_that_nobody_reads():
    files = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in {"tests", ".venv"}]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    read |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # by name
    told = {variable.name.removeprefix("OMS_").rpartition("__")[2].lower() for variable in variables()}

    assert told - read - set(Role) == set()


def test_pictures_lie_in_a_folder_unless_a_bucket_is_told_with_all_that_opens_it(monkeypatch, tmp_path):
    assert (load(data=tmp_path).pictures.folder, load(data=tmp_path).pictures.bucket) == (None, None)
    monkeypatch.setenv("OMS_PICTURES__BUCKET", "shots")
    monkeypatch.setenv("OMS_PICTURES__ENDPOINT", "https://s3.example")
    monkeypatch.setenv("OMS_PICTURES__KEY_ID", "one-key")
    with pytest.raises(Misconfigured, match="OMS_PICTURES: bucket, endpoint, key_id and secret belong together"):
        load(data=tmp_path)
    monkeypatch.setenv("OMS_PICTURES__SECRET", "hush-hush")

    told = load(data=tmp_path).pictures

    assert (told.bucket, told.endpoint, told.region) == ("shots", "https://s3.example", "us-east-1")
    assert told.secret.get_secret_value() == "hush-hush"
    assert "hush-hush" not in str(told)
    assert "one-key" not in str(told)


def test_a_party_may_have_slots_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("OMS_SLOTS__PARTIES", '{"sf": 5}')

    slots = load(data=tmp_path).slots

    assert (slots.of("sf"), slots.of("jd")) == (5, 20)


def test_queues_come_by_comma(monkeypatch, tmp_path):
    monkeypatch.setenv("OMS_QUEUES", "stories, theirs-sf")

    assert load(data=tmp_path).queues == ("stories", "theirs-sf")


def test_an_address_nobody_gave_is_asked_for_by_name(tmp_path):
    told = load(data=tmp_path)

    with pytest.raises(Misconfigured, match="OMS_DATABASE_URL"):
        _ = told.database
    with pytest.raises(Misconfigured, match="OMS_TEMPORAL__ADDRESS"):
        _ = told.temporal_address
    assert told.reached_at(temporal="a:1").temporal_address == "a:1"
    assert told.reached_at(database=URL).database.endswith("db.example/orders")


def test_a_certificate_needs_its_key(production, tmp_path):
    (tmp_path / "cert.pem").write_text("CERT")
    production.setenv("OMS_TEMPORAL__TLS_CERT", str(tmp_path / "cert.pem"))

    with pytest.raises(Misconfigured, match="OMS_TEMPORAL: tls_cert and tls_key belong together"):
        load(data=tmp_path)

    (tmp_path / "key.pem").write_text("KEY")
    production.setenv("OMS_TEMPORAL__TLS_KEY", str(tmp_path / "key.pem"))
    security = load(data=tmp_path).temporal.security
    assert (security.client_cert, security.client_private_key) == (b"CERT", b"KEY")


def test_an_api_key_travels_only_inside_tls(production, tmp_path):
    assert load(data=tmp_path).temporal.security is False

    production.setenv("OMS_TEMPORAL__API_KEY", "cloud-key")

    assert load(data=tmp_path).temporal.security is True
    assert load(data=tmp_path).temporal.bearer == "cloud-key"


@pytest.mark.parametrize("text", [KEY, KEY.rstrip("="), "--__" + KEY[4:], "++//" + KEY[4:]])
def test_a_key_may_be_written_in_either_alphabet(text):
    assert len(raw_key(SecretStr(text))) == 32


def test_every_setting_is_explained():
    assert [variable.name for variable in variables() if not variable.meaning] == []


OUTSIDE = ("tests", "benchmarks")


def test_only_the_settings_read_the_environment():
    readers = {"environ", "getenv"}  # tests and benchmarks set it for what they look at
    here = [path for path in ROOT.glob("*.py") if path.name != "settings.py"]
    rooms = [path for path in ROOT.glob("[a-z]*/**/*.py") if path.relative_to(ROOT).parts[0] not in OUTSIDE]

    found = [
        str(path.relative_to(ROOT))
        for path in (*here, *rooms)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in readers
    ]

    assert found == []


def test_each_person_may_have_a_key_of_their_own(monkeypatch, tmp_path):
    people = {f"finance/{name}": f"{name}-0123456789-0123456789-0123" for name in "lm"}
    monkeypatch.setenv("OMS_KEYS__PEOPLE", json.dumps(people))
    known = {key.visitor.name: key.visitor.role for key in keys_of(load(data=tmp_path))}

    assert known["finance/l"] is known["finance/m"] is known["finance"] is Role.FINANCE


def test_a_person_has_a_role_that_there_is(monkeypatch, tmp_path):
    monkeypatch.setenv("OMS_KEYS__PEOPLE", json.dumps({"boss/li": "li-0123456789-0123456789-0123"}))

    with pytest.raises(Misconfigured, match="OMS_KEYS__PEOPLE"):
        load(data=tmp_path)

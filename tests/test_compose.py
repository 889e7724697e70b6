import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from settings import Keys, variables

ROOT = Path(__file__).parent.parent
# The compose specification's own schema, as check-jsonschema carries it (Apache-2.0).
SCHEMA = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {"api", "worker", "migrate"}


def is_one_shot(service):
    return service.get("restart") == "no"


def readied_by(service):
    return {name: about["condition"] for name, about in service.get("depends_on", {}).items()}


def environment(service):
    return service.get("environment", {})


def test_it_is_what_the_compose_specification_calls_a_project():
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))

    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_the_schema_would_notice():
    broken = COMPOSE | {"services": SERVICES | {"api": SERVICES["api"] | {"portz": []}}}

    assert not Draft202012Validator(json.loads(SCHEMA.read_text())).is_valid(broken)


@pytest.mark.parametrize("name", SERVICES)
def test_whoever_stays_says_how_it_feels_and_whoever_goes_does_not_come_back(name):
    service = SERVICES[name]

    assert ("healthcheck" in service) != is_one_shot(service)


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_starts_before_what_it_needs(name):
    expected = {
        other: "service_completed_successfully" if is_one_shot(SERVICES[other]) else "service_healthy"
        for other in readied_by(SERVICES[name])
    }

    assert readied_by(SERVICES[name]) == expected


def test_tables_come_before_those_who_use_them():
    assert {name for name in SERVICES if "migrate" in readied_by(SERVICES[name])} == OURS - {"migrate"}


def test_temporal_and_the_databases_are_reached_by_our_own_alone():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    ports = [port for each in published.values() for port in each]

    assert set(published) == {"api", "temporal-ui", "prometheus", "grafana"}
    assert not any("7233" in port or "5432" in port for port in ports)
    assert all(re.fullmatch(r"\$\{[A-Z_]+:-127\.0\.0\.1:\d+\}:\d+", port) for port in ports)
    for closed in ("postgres", "temporal", "temporal-postgres"):
        assert all(COMPOSE["networks"][network]["internal"] for network in SERVICES[closed]["networks"])


def test_the_database_of_temporal_is_not_ours():
    assert not set(SERVICES["postgres"]["networks"]) & set(SERVICES["temporal-postgres"]["networks"])
    assert not {volume.partition(":")[0] for volume in SERVICES["postgres"]["volumes"]} & {
        volume.partition(":")[0] for volume in SERVICES["temporal-postgres"]["volumes"]
    }


def test_the_pages_of_temporal_are_for_looking():
    assert environment(SERVICES["temporal-ui"])["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


def test_no_secret_has_a_default():
    secret = re.compile(r"PASSWORD|PWD|KEY|SECRET|DATABASE_URL")
    told = [
        (name, variable, value)
        for name, service in SERVICES.items()
        for variable, value in environment(service).items()
        if secret.search(variable)
    ]

    assert len(told) > len(OURS) * 9
    assert [each for each in told if not re.search(r"\$\{[A-Z_]+:\?[^}]+\}", each[2])] == []


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_are_told_everything_that_production_must_be_told(name):
    needed = {variable.name for variable in variables() if variable.default is None}

    assert needed | {"OMS_DATABASE_URL", "OMS_TEMPORAL__ADDRESS"} <= set(environment(SERVICES[name]))


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_are_told_nothing_that_they_do_not_know(name):
    known = {variable.name for variable in variables()}

    assert {variable for variable in environment(SERVICES[name]) if variable.startswith("OMS_")} <= known


PREPARED = re.compile(r"^  # ((?:  )?(?:worker-\w+:|<<:|image:|environment:).*)$", re.MULTILINE)


def test_workers_that_are_prepared_come_as_a_version_and_the_one_before_is_not_built_anew():
    text = PREPARED.sub(r"  \1", (ROOT / "docker-compose.yml").read_text())
    prepared = yaml.safe_load(text)
    workers = {name: each for name, each in prepared["services"].items() if name.startswith("worker")}

    assert [error.message for error in Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(prepared)] == []
    assert set(workers) == {"worker", "worker-stories", "worker-ours", "worker-sf", "worker-before"}
    assert environment(workers["worker"])["OMS_TEMPORAL__BUILD_ID"] == "${OMS_TEMPORAL__BUILD_ID:-}"
    assert all("OMS_TEMPORAL__BUILD_ID" in environment(each) for each in workers.values())
    assert [name for name, each in workers.items() if "build" not in each] == ["worker-before"]
    assert workers["worker-before"]["image"] != SERVICES["worker"]["image"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_may_do_little(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_images_are_named_by_version():
    tags = {name: service["image"].partition(":")[2] for name, service in SERVICES.items()}

    assert [name for name, tag in tags.items() if not tag.removeprefix("v")[:1].isdigit()] == []


def test_the_example_names_every_variable_that_must_be_set_and_gives_none_a_value():
    example = (ROOT / ".env.example").read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))

    assert set(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE)) == {(name, "") for name in asked}


def test_every_variable_of_the_example_is_one():
    named = set(re.findall(r"^(?:# )?(OMS_[A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert named <= {variable.name for variable in variables()}
    assert {f"OMS_KEYS__{role.upper()}" for role in Keys.model_fields} <= named


def test_the_image_runs_as_nobody_special_and_says_how_it_feels():
    stages = (ROOT / "Dockerfile").read_text().split("FROM ")

    assert re.search(r"^USER (?!root)", stages[-1], re.MULTILINE)
    assert "HEALTHCHECK" in stages[-1]
    assert "--require-hashes" in stages[1]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements.image.lock"])
def test_a_lock_pins_everything_with_hashes_and_names_no_place(lock):
    text = (ROOT / lock).read_text()
    packages = re.findall(r"^[a-zA-Z0-9][^\n]*(?:\\\n    --hash=sha256:[0-9a-f]{64}\s*)+", text, re.MULTILINE)

    assert len(packages) == len(re.findall(r"^[a-zA-Z0-9]", text, re.MULTILINE)) > 40
    assert all("==" in package for package in packages)
    assert not re.search(r"://|--index|--find-links|@ ", text)


def test_make_explains_itself():
    make = [shutil.which("make"), "-C", ROOT, "--no-print-directory"]

    said = subprocess.run(make, capture_output=True, text=True, check=True).stdout

    assert re.findall(r"^  make (\w+)", said, re.MULTILINE) == [
        "help",
        "demo",
        "up",
        "test",
        "steps",
        "check",
        "bench",
        "chaos",
        "hostile",
        "lock",
    ]

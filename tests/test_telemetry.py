import json
import logging

import pytest

import telemetry
from settings import load


@pytest.fixture
def spoken(capsys):
    """What is written to standard error; afterwards everybody logs as before."""
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    root.handlers = []
    yield lambda: capsys.readouterr().err
    root.level, root.handlers = before


def log_of(tmp_path, form):
    telemetry.begin(load(data=tmp_path, log_format=form))
    return logging.getLogger("rules.of.the.house")


def test_machines_read_one_object_for_each_line(spoken, tmp_path):
    log_of(tmp_path, "json").info("stage entered", extra={"order": "own/demo/1", "stage": "已付款"})

    told = json.loads(spoken())
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "level": "INFO",
        "logger": "rules.of.the.house",
        "message": "stage entered",
        "order": "own/demo/1",
        "stage": "已付款",
    }


def test_people_read_a_line(spoken, tmp_path):
    log_of(tmp_path, "text").warning("a party is failing", extra={"party": "sf"})

    assert spoken()[8:] == " WARNING a party is failing party=sf\n"


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_is_told_without_its_words(form, spoken, tmp_path):
    log = log_of(tmp_path, form)
    try:
        int("张三 13800138000")
    except ValueError:
        log.exception("a wish was not understood")

    words = spoken()
    assert "ValueError" in words
    assert "test_telemetry.py" in words
    assert "13800138000" not in words


def test_who_writes_down_whole_requests_is_silent(spoken, tmp_path):
    log_of(tmp_path, "text")

    logging.getLogger("uvicorn.access").info('"GET /orders?q=13800138000"')
    logging.getLogger("httpx").info("HTTP Request: GET https://sf.example/?phone=13800138000")

    assert spoken() == ""

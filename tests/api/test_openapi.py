"""What the door says of itself is whole, and its examples are true."""

import json

import pytest
from jsonschema import Draft202012Validator

from api.dependencies import Spoken
from api.openapi import asked_of, endpoints
from api.signatures import said


@pytest.fixture
async def document(door):
    return json.loads((await door.client.get("/openapi.json")).content)


def operations(document):
    return {(method.upper(), path): one for path, item in document["paths"].items() for method, one in item.items()}


def references(words):
    if isinstance(words, dict):
        yield from (one for name, one in words.items() if name == "$ref")
        words = list(words.values())
    if isinstance(words, list):
        for one in words:
            yield from references(one)


async def test_every_reference_leads_somewhere(document):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert {*references(document)} - known == set()


async def test_every_body_is_described_with_an_example_that_it_takes(door, document):
    described = operations(document)
    for endpoint in endpoints(door.app):
        for call in asked_of(endpoint):
            if isinstance(call, Spoken):
                body = described["POST", endpoint.path_format]["requestBody"]["content"]["application/json"]
                Draft202012Validator({**body["schema"], "components": document["components"]}).validate(body["example"])
                call.words.validate_python(body["example"], strict=False)


async def test_the_example_of_an_order_is_an_order(door, document):
    example = operations(document)["POST", "/orders"]["requestBody"]["content"]["application/json"]["example"]

    refused = await door.place(example)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["#/provider"]  # there is no account here
    assert (await door.place(example | {"provider": None})).status_code == 202


async def test_every_operation_says_what_it_is_who_may_and_what_can_go_wrong(document):
    for name, operation in operations(document).items():
        assert operation["summary"], name
        assert "security" in operation, name
        assert operation["responses"]["default"]["content"]["application/problem+json"], name
        assert "422" not in operation["responses"], name  # the framework's own form of it, which nobody gets
    assert "Roles: admin, ops." in operations(document)["GET", "/metrics"]["description"]


async def test_signed_and_public_endpoints_say_so(document):
    described = operations(document)

    assert described["POST", "/orders"]["security"] == [{"signature": []}]
    assert described["POST", "/orders/{channel}/{shop}/{number}/wishes"]["security"] == [{"key": []}, {"signature": []}]
    assert described["GET", "/health/live"]["security"] == []
    assert set(document["components"]["securitySchemes"]) == {"key", "signature"}


async def test_pages_are_no_part_of_it(document):
    assert [path for path in document["paths"] if path == "/" or path.startswith(("/board", "/login"))] == []


def test_an_order_is_read_by_hand(door):
    (place,) = [one for one in endpoints(door.app) if (one.path_format, one.methods) == ("/orders", {"POST"})]

    assert said in list(asked_of(place))

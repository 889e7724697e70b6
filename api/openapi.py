"""What the door says of itself: bodies that are read by hand are described all the same, with examples."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from api.dependencies import Only, Public, Spoken
from api.errors import MEDIA_TYPE, Document
from api.signatures import KeyOrSignature, said

PREFIX = "#/components/schemas/"
JsonSchema = dict[str, Any]
PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": f"{PREFIX}Problem"}}}
ORDER = {
    "channel": "web",
    "shop": "demo",
    "number": "DEMO000000001",
    "paying": "prepaid",
    "provider": "wechat",
    "currency": "CNY",
    "lines": [{"sku": "TEA-250", "title": "Tea, 250 g", "quantity": 2, "unit_price": 9900}],
    "discount": 0,
    "freight": 100,
    "total": 19900,
    "placed_at": "2026-11-11T12:00:00+08:00",
    "receiver": {
        "name": "张三",
        "phone": "13800138000",
        "province": "广东省",
        "city": "深圳市",
        "district": "南山区",
        "district_code": "440305",
        "address": "科技园路1号",
    },
    "note": "",
}


def describe(app: FastAPI) -> None:
    """The app's own description, made once and complete."""
    plain: Callable[[], JsonSchema] = app.openapi

    def complete() -> JsonSchema:
        if app.openapi_schema is None:
            document = plain()
            _problems(document)
            for context in endpoints(app):
                _complete(document, context)
        return plain()

    app.openapi = complete  # type: ignore[method-assign] # the documented way to extend it


def endpoints(app: FastAPI) -> Iterator[RouteContext]:
    """Every endpoint, whichever router it came by."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield context


def asked_of(context: RouteContext) -> Iterator[object]:
    """Everything that an endpoint depends on."""
    yield from _calls(context.dependant)


def _calls(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def _complete(document: JsonSchema, context: RouteContext) -> None:
    path = document["paths"].get(context.path_format, {})
    for method in context.methods or ():
        operation = path.get(method.lower())
        if operation is not None:
            operation["responses"].pop("422", None)  # the framework's own, which nobody gets
            operation["responses"]["default"] = {"description": "A problem (RFC 9457).", "content": PROBLEM}
            for call in asked_of(context):
                _describe(document, operation, call)


def _describe(document: JsonSchema, operation: JsonSchema, call: object) -> None:
    match call:
        case Spoken():
            schema = call.words.json_schema(ref_template=PREFIX + "{model}")
            document["components"]["schemas"].update(schema.pop("$defs", {}))
            operation["requestBody"] = _body(schema, call.example)
        case KeyOrSignature():
            operation["security"] = [{"key": []}, {"signature": []}]
        case Public():
            operation["security"] = []
        case Only():
            roles = ", ".join(call.roles)
            operation["description"] = f"{operation.get('description', '')}\n\nRoles: {roles}.".strip()
        case _ if call is said:
            operation["requestBody"] = _body({"type": "object"}, ORDER)
            operation["security"] = [{"signature": []}]
        case _:
            return


def _body(schema: JsonSchema, example: object) -> JsonSchema:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _problems(document: JsonSchema) -> None:
    schema = Document.model_json_schema(ref_template=PREFIX + "{model}")
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update({**schema.pop("$defs", {}), "Problem": schema})
    components.setdefault("securitySchemes", {})["signature"] = {
        "type": "apiKey",
        "in": "header",
        "name": "X-Shop-Signature",
        "description": (
            "HMAC-SHA256, hex, with the shop's secret, of "
            "`<METHOD> <path?query>\\n<X-Shop-Timestamp>\\n<X-Shop-Nonce>\\n<raw body>`: method, path and query as "
            "they stand in the request line, `POST /orders` for an order. `X-Shop-Key` names the secret, "
            "`X-Shop-Nonce` has 1 to 128 visible ASCII characters. Five minutes, and each nonce once, at whichever of "
            "our processes: whoever sends again signs again."
        ),
    }

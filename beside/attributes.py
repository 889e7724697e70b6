"""What the lists of stories can be searched by: looked up, made where we may, named clearly where an operator must."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from beside.ground import Down


class Attribute(NamedTuple):
    """One thing that a list of stories can be searched by."""

    name: str
    kind: str  # as the command line spells it
    probe: str  # a comparison that only an attribute of this kind understands

    @property
    def number(self) -> IndexedValueType.ValueType:
        """As the protocol spells its kind."""
        return IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{self.kind.upper()}")


ATTRIBUTES = (
    Attribute("OmsStage", "Keyword", "= 'none'"),
    Attribute("OmsOwner", "Keyword", "= 'none'"),
    Attribute("OmsChannel", "Keyword", "= 'none'"),
    Attribute("OmsOverdue", "Bool", "= true"),
    Attribute("OmsDue", "Datetime", "> '2000-01-01T00:00:00Z'"),
)
UNDERSTOOD_WITHIN = 90  # seconds; servers learn of a new attribute within a minute


async def ensure_searchable(client: Client, attributes: Iterable[Attribute] = ATTRIBUTES) -> None:
    """Have every attribute, making those that are missing.

    Why by asking: counting needs the least rights of all, so it also works where listing attributes is forbidden.

    Raises: Down with the operator's command, where we may not make them.
    """
    if not (missing := await _missing(client, attributes)):
        return
    await _make(client, missing)
    try:
        async with asyncio.timeout(UNDERSTOOD_WITHIN):
            while await _missing(client, missing):  # noqa: ASYNC110, the server tells nobody when it has learnt
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise Down(_request(client, missing, "they were made but are not understood")) from None


async def _missing(client: Client, attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    known = [(attribute, await _understands(client, attribute)) for attribute in attributes]
    return tuple(attribute for attribute, is_known in known if not is_known)


async def _understands(client: Client, attribute: Attribute) -> bool:
    try:
        await client.count_workflows(f"{attribute.name} {attribute.probe}")
    except RPCError as error:
        if error.status == RPCStatusCode.INVALID_ARGUMENT:
            return False
        raise Down(f"Temporal's namespace {client.namespace} cannot be read: {error.message}") from error
    return True


async def _make(client: Client, missing: tuple[Attribute, ...]) -> None:
    request = AddSearchAttributesRequest(namespace=client.namespace)
    for attribute in missing:
        request.search_attributes[attribute.name] = attribute.number
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        raise Down(_request(client, missing, error.message)) from error


def _request(client: Client, missing: tuple[Attribute, ...], reason: str) -> str:
    own = " ".join(f"--name {attribute.name} --type {attribute.kind}" for attribute in missing)
    cloud = " ".join(f"--sa {attribute.name}={attribute.kind}" for attribute in missing)
    return (
        f"Temporal's namespace {client.namespace} lacks search attributes, and we could not make them ({reason}).\n"
        f"Ask its operator to run: temporal operator search-attribute create --namespace {client.namespace} {own}\n"
        f"On Temporal Cloud: tcld namespace search-attributes add --namespace {client.namespace} {cloud}"
    )

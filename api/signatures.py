"""Shops that sign what they say: the connector of their channel knows how, and the signature is their key."""

from dataclasses import dataclass
from typing import Annotated, Protocol, runtime_checkable

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.dependencies import Credentials, Given, Only, json_type, own_order, place_of, spend, visitor_of
from api.errors import of_validation, unauthorized
from api.limits import ORDER_BODY, SMALL_BODY
from api.messages import message_of
from api.quotas import Limit
from api.tools import Tools
from api.visitors import Visitor
from connectors.ports import Channel, Mark, Message
from models.case import Role
from models.errors import Forged, Missing
from models.noun import Id


class _Whose(BaseModel, hide_input_in_errors=True):
    channel: Id
    shop: Id


class _About(BaseModel, hide_input_in_errors=True):
    order: Id


@dataclass(frozen=True)
class Said:
    """What somebody says who says to be this shop. The connector believes it or not."""

    channel: Channel
    message: Message
    place: str


async def said(request: Request, tools: Given) -> Said:
    """The message and the channel that can read it. Raises: Problem 400, 401, 413, 415, 422, 429."""
    json_type(request)
    message = await message_of(request, ORDER_BODY)
    try:
        whose = _Whose.model_validate_json(message.body)
    except ValidationError as error:
        raise of_validation(error) from None
    try:
        return Said(tools.registry.channel(whose.channel, whose.shop), message, place_of(request))
    except Missing:
        spend(tools, Limit.FAILURES, place_of(request))
        raise unauthorized("forged") from None  # whether a shop exists is nobody's business


Signed = Annotated[Said, Depends(said)]


@runtime_checkable
class Signing(Protocol):
    """A channel whose shop signs whatever it says."""

    def verify(self, message: Message) -> Mark:
        """That this shop wrote it, and lately. Raises: Forged."""


async def believe_once(tools: Tools, said: Said) -> None:
    """Whether what a shop signed is heard for the first time. Raises: Forged; Unavailable; Problem 429.

    Why in the store: a door that forgets at its end, or two of them, would each believe a copy, and a wish that was
    granted once is granted again. Who cannot look it up believes nobody.
    """
    channel = said.channel
    if not isinstance(channel, Signing):
        return
    try:
        mark = channel.verify(said.message)
    except Forged:
        spend(tools, Limit.FAILURES, said.place)
        raise
    spend(tools, Limit.KEY, channel.name)
    if not await tools.nonces.use(channel.name, mark.nonce, mark.until):
        raise Forged("replayed")


class KeyOrSignature:
    """These roles by their key, or the order's own shop by its signature."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, request: Request, tools: Given, shown: Credentials) -> Visitor:
        """Who asks. Raises: Problem 401, 403; Forged."""
        if shown is not None:
            return await Only(*self.roles)(await visitor_of(request, tools, shown))
        return await _signed_by(request, tools, await _order_of(request, tools))


async def _order_of(request: Request, tools: Tools) -> Id:
    """By the path, the return in it, or the body. What there is, is nobody's business before they have signed."""
    known = request.path_params
    try:
        if "number" in known:
            return await own_order(known["channel"], known["shop"], known["number"])
        if "return_id" in known:
            return await tools.returns.order_of(known["return_id"])
        return _About.model_validate_json((await message_of(request, SMALL_BODY)).body).order
    except (Missing, ValidationError):
        spend(tools, Limit.FAILURES, place_of(request))
        raise unauthorized("no_key") from None


async def _signed_by(request: Request, tools: Tools, order_id: Id) -> Visitor:
    """The shop of this order, if it wrote that."""
    shop = order_id.rpartition("/")[0]
    try:
        channel = tools.registry.channel(*shop.split("/"))
    except (Missing, TypeError):
        raise unauthorized("no_key") from None
    if not isinstance(channel, Signing):
        raise unauthorized("no_key")
    await believe_once(tools, Said(channel, await message_of(request, SMALL_BODY), place_of(request)))
    return Visitor(name=shop, role=Role.SHOP, shop=shop)

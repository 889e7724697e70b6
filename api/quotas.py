"""How often somebody may come: each key, each address, and each address that was wrong."""

import math
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from throttled import MemoryStore, RateLimiterType, Throttled

REMEMBERED: Final = 10_000  # keys, addresses, and addresses that were wrong: who came longest ago is forgotten first
HOUSEHOLD: Final = 64  # bits of an IPv6 address: one customer has all that follow
LONGEST: Final = 64  # characters of what is no address


class Limit(StrEnum):
    """What is counted together."""

    KEY = "key"  # one shop, person or party, wherever it comes from, once it has proved who it is
    ADDRESS = "address"
    FAILURES = "failures"  # wrong keys and signatures from one address


DEFAULTS: Final[Mapping[Limit, str]] = {
    Limit.KEY: "200/s burst 20000",
    Limit.ADDRESS: "400/s burst 40000",
    Limit.FAILURES: "20/m",
}


class Quotas:
    """So many in a span, and a burst on top (GCRA: one number for each); counted in this process alone.

    Why three shelves: a flood of addresses shall not make us forget who guessed keys.
    Why whoever proves who it is passes, however wrong its neighbours are: behind one address may stand an office or a
    proxy, and a guesser there would lock all of them out. A key of 24 characters is not guessed at any pace.
    """

    def __init__(self, told: Mapping[Limit, str] = DEFAULTS, remembered: int = REMEMBERED) -> None:
        self._kept = {limit: _shelf(quota, remembered) for limit, quota in told.items()}

    def wait(self, limit: Limit, who: str) -> int:
        """Count one more; how long to wait if that is too often, else 0. Units: seconds."""
        found = self._kept[limit].limit(who)
        return max(1, math.ceil(found.state.retry_after)) if found.limited else 0


def _shelf(quota: str, remembered: int) -> Throttled:
    store = MemoryStore(options={"MAX_SIZE": remembered})
    return Throttled(using=RateLimiterType.GCRA.value, quota=quota, store=store)


def household(host: str) -> str:
    """Whoever can speak from this address: of IPv6 a network, whose addresses one customer chooses freely."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:LONGEST]
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, HOUSEHOLD), strict=False))

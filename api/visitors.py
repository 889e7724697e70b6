"""Who knocks: a role by its key, and what the role may see."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from models.case import Role
from models.noun import Id

STAFF: Final = (Role.ADMIN, Role.OPS, Role.WAREHOUSE, Role.FINANCE, Role.SERVICE)
EVERYBODY: Final = (*STAFF, Role.SHOP)


@dataclass(frozen=True)
class Visitor:
    """Somebody whose key we know."""

    name: Id  # what stands as `by` in the story
    role: Role
    shop: Id | None = None  # <channel>/<shop>: a shop sees its own orders and no others

    def may_see(self, order: Id) -> bool:
        """A shop's orders are its own."""
        return self.shop is None or order.startswith(f"{self.shop}/")


@dataclass(frozen=True)
class Key:
    """A key, as far as we know it: only its digest."""

    digest: str
    visitor: Visitor


def key_for(secret: str, visitor: Visitor) -> Key:
    """The key that opens for this visitor."""
    return Key(digest_of(secret), visitor)


def digest_of(secret: str) -> str:
    """What is compared instead of the key itself.

    Why: keys are long and random, so one hash is enough, and a look-up by it tells nothing by its time.
    """
    return sha256(secret.encode()).hexdigest()

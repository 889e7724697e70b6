"""Which places send an order: the nearest that has all of it, else the fewest together, by rules that rank or abstain.

Each rule ranks the choices left by the rule before it, or abstains; the best stay, a tie is carried on, and the order
of ids ends every tie. So the same levels give the same places, whoever asks in whatever order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import NamedTuple

from models.line import Box, Line, Units
from models.noun import Id
from models.place import Kind, Level, Place, Verdict
from rules.places import distance

Team = tuple[Place, ...]  # places that together have all of it
MOST_TEAMS = 2_000  # tried of one size; beyond, a good choice now is better than the best one late
FAR = 20_000  # km: as far as it gets, for a place whose district nobody knows


@dataclass(frozen=True)
class Wanted:
    """What has to be sent where, and how many boxes the order has had before."""

    business_no: Id
    lines: tuple[Line, ...]
    destination: Id  # district code
    boxes_before: int = 0


@dataclass(frozen=True)
class Choice:
    """The boxes, and why. Without boxes: what is missing."""

    boxes: tuple[Box, ...] = ()
    why: tuple[Verdict, ...] = ()
    missing: tuple[Units, ...] = ()


class _Ask(NamedTuple):
    wanted: Mapping[Id, int]
    destination: Id
    free: Mapping[tuple[Id, Id], int]  # (place, sku)


class Rule(NamedTuple):
    """Its name in the explanation, and its figure for a choice: lower is better, None abstains."""

    name: Id
    rank: Callable[[_Ask, Team], int | None]


def _near(ask: _Ask, team: Team) -> int | None:
    """Units: km, all ways together."""
    ways = [way for place in team if (way := distance(place.district, ask.destination)) is not None]
    return sum(ways) if len(ways) == len(team) else None


def _counters(_: _Ask, team: Team) -> int:
    """A store lives from its shelves; a warehouse from sending."""
    return sum(place.kind is Kind.STORE for place in team)


def _scarce(ask: _Ask, team: Team) -> int:
    """What is left of the scarcest thing, so that one place is not emptied while another is full."""
    return -min(_free(ask, team, sku) - quantity for sku, quantity in ask.wanted.items())


RULES = (Rule("nearest", _near), Rule("warehouses_first", _counters), Rule("most_left", _scarce))


def choose(
    wanted: Wanted, places: tuple[Place, ...], levels: tuple[Level, ...], most_teams: int = MOST_TEAMS
) -> Choice:
    """All of it or nothing: boxes numbered on from those before, the nearest place first."""
    ask = _Ask(_summed(wanted.lines), wanted.destination, {(row.place, row.sku): row.free for row in levels})
    if missing := _missing(ask, places):
        return Choice(missing=missing)
    useful = sorted((place for place in places if _fills(ask, ask.wanted, place)), key=lambda place: place.id)
    teams = _smallest(ask, useful, most_teams)
    fewest = Verdict(rule="fewest_places", before=len(useful), after=len(teams), best=len(teams[0]))
    team, why = _best(ask, teams)
    return Choice(_boxes(wanted, ask, team), (fewest, *why))


def _summed(lines: tuple[Line, ...]) -> dict[Id, int]:
    wanted: dict[Id, int] = {}
    for line in sorted(lines, key=lambda line: line.sku):
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return wanted


def _missing(ask: _Ask, places: tuple[Place, ...]) -> tuple[Units, ...]:
    short = {sku: quantity - _free(ask, places, sku) for sku, quantity in ask.wanted.items()}
    return tuple(Units(sku=sku, quantity=lacks) for sku, lacks in short.items() if lacks > 0)


def _smallest(ask: _Ask, useful: list[Place], most_teams: int) -> list[Team]:
    """Every team of the smallest size that has all of it; where there are too many to try, one found by appetite."""
    for size in range(1, len(useful)):
        if comb(len(useful), size) > most_teams:
            return [_greedy(ask, useful)]
        teams = [team for team in combinations(useful, size) if _has_all(ask, team)]
        if teams:
            return teams
    return [tuple(useful)]


def _greedy(ask: _Ask, useful: list[Place]) -> Team:
    """Again and again the place that has most of what is left, the nearest among equals."""
    left, team = dict(ask.wanted), list[Place]()
    while left:
        rest = [place for place in useful if place not in team]
        place = min(rest, key=lambda place: (-_fills(ask, left, place), _way(ask, place), place.id))
        team.append(place)
        after = {sku: quantity - ask.free.get((place.id, sku), 0) for sku, quantity in left.items()}
        left = {sku: quantity for sku, quantity in after.items() if quantity > 0}
    return tuple(team)


def _best(ask: _Ask, teams: list[Team]) -> tuple[Team, list[Verdict]]:
    why = list[Verdict]()
    for rule in RULES if len(teams) > 1 else ():
        ranked = [(rank, team) for team in teams if (rank := rule.rank(ask, team)) is not None]
        best = min((rank for rank, _ in ranked), default=None)
        kept = [team for rank, team in ranked if rank == best] or teams
        why.append(Verdict(rule=rule.name, before=len(teams), after=len(kept), best=best))
        teams = kept
    return min(teams, key=lambda team: [place.id for place in team]), why


def _boxes(wanted: Wanted, ask: _Ask, team: Team) -> tuple[Box, ...]:
    left, shares = dict(ask.wanted), list[tuple[Place, tuple[Units, ...]]]()
    for place in sorted(team, key=lambda place: (_way(ask, place), place.id)):
        taken = {sku: min(quantity, ask.free.get((place.id, sku), 0)) for sku, quantity in left.items()}
        left = {sku: quantity - taken[sku] for sku, quantity in left.items()}
        shares.append((place, tuple(Units(sku=sku, quantity=some) for sku, some in taken.items() if some > 0)))
    filled = [(place, units) for place, units in shares if units]
    return tuple(
        Box(id=f"{wanted.business_no}-box-{number}", place=place.id, units=units)
        for number, (place, units) in enumerate(filled, wanted.boxes_before + 1)
    )


def _has_all(ask: _Ask, team: Team) -> bool:
    return all(_free(ask, team, sku) >= quantity for sku, quantity in ask.wanted.items())


def _free(ask: _Ask, team: Team, sku: Id) -> int:
    return sum(ask.free.get((place.id, sku), 0) for place in team)


def _fills(ask: _Ask, wanted: Mapping[Id, int], place: Place) -> int:
    return sum(min(quantity, ask.free.get((place.id, sku), 0)) for sku, quantity in wanted.items())


def _way(ask: _Ask, place: Place) -> int:
    known = distance(place.district, ask.destination)
    return FAR if known is None else known

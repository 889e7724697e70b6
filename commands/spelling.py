"""How people write the numbers of a policy: 30m, 24h, 7d, 500.00, yes, sf,kuaidi100.yto."""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import typer
from pydantic import ValidationError

from models.noun import Money
from models.policy import Policy

SPAN = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
YES, NO, NEVER = ("yes", "true", "on"), ("no", "false", "off"), ("none", "never")
WRITABLE = tuple(name for name in Policy.model_fields if name != "version")
LONGEST = timedelta(days=3650)


def read(changes: Iterable[str]) -> dict[str, Any]:
    """Each `FIELD=VALUE`. Raises: typer.BadParameter, which says how it is written."""
    return dict(_read(change) for change in changes)


def changed(policy: Policy, read: Mapping[str, Any]) -> Policy:
    """The policy with other values. Raises: typer.BadParameter."""
    try:
        return Policy.model_validate(policy.model_dump() | dict(read))
    except ValidationError as error:
        wrong = ", ".join(f"{detail['loc'][0]}: {detail['msg']}" for detail in error.errors(include_input=False))
        raise typer.BadParameter(wrong) from None


def _read(change: str) -> tuple[str, Any]:
    name, found, value = change.partition("=")
    if not found:
        raise typer.BadParameter(f"{change} is not FIELD=VALUE, as in pay_within=30m.")
    if name not in WRITABLE:
        close = difflib.get_close_matches(name, WRITABLE, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"It has {', '.join(WRITABLE)}."
        raise typer.BadParameter(f"A policy has no {name}. {hint}")
    return name, _value(name, value.strip())


def _value(name: str, value: str) -> Any:
    default = getattr(Policy(), name)
    if name == "approval_limit":
        return None if value.lower() in NEVER else money(name, value)
    if isinstance(default, timedelta):
        return span(name, value)
    if isinstance(default, bool):
        return _yes_or_no(name, value)
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(default, tuple) else value


def span(name: str, value: str) -> timedelta:
    """Units: d, h, m, s, each at most once: 7d, 1d12h, 90s. Raises: typer.BadParameter."""
    parts: Mapping[str, float] = {UNITS[unit]: float(count) for count, unit in SPAN.findall(value)}
    if not parts or len(parts) < len(SPAN.findall(value)) or SPAN.sub("", value):
        raise typer.BadParameter(f"{name}={value}: write a span like 30m, 24h, 7d or 1d12h.")
    if max(parts.values()) > LONGEST.total_seconds() or (read := timedelta(**parts)) > LONGEST:
        raise typer.BadParameter(f"{name}={value}: that is longer than ten years.")
    return read


def money(name: str, value: str) -> Money:
    """Units: yuan, with two decimals at most. Raises: typer.BadParameter."""
    try:
        minor = Decimal(value) * 100
    except InvalidOperation:
        minor = Decimal(-1)
    if not minor.is_finite() or minor < 0 or minor != minor.to_integral_value():
        raise typer.BadParameter(f"{name}={value}: write an amount like 500.00, or none.")
    return Money(minor=int(minor))


def _yes_or_no(name: str, value: str) -> bool:
    if value.lower() not in (*YES, *NO):
        raise typer.BadParameter(f"{name}={value}: write yes or no.")
    return value.lower() in YES

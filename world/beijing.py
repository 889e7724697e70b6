"""What the clock on the wall says where most of these parties live."""

import time
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def milliseconds() -> int:
    """The present moment. Units: milliseconds since 1970."""
    return int(time.time() * 1000)


def wall_text(moment: datetime) -> str:
    """As most Chinese protocols write an instant: 2026-01-31 08:00:00, without a zone."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")

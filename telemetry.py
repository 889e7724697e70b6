"""What we write down while we work: a constant message with its values, for machines as JSON, for people as a line.

Nobody's name, phone or address: an error is told by its kind and where it happened, never by its words, which may quote
what somebody wrote; and the libraries that write down whole addresses of requests are told not to.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from settings import Settings

USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
TALKATIVE = ("uvicorn.access", "httpx", "httpcore")  # they quote `?q=<phone>`


def begin(settings: Settings) -> None:
    """Write to standard error from now on, in the form and from the level that the settings say."""
    handler = logging.StreamHandler()
    handler.setFormatter(ForMachines() if settings.log_format == "json" else ForPeople())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class ForMachines(logging.Formatter):
    """One JSON object for each line."""

    def format(self, record: logging.LogRecord) -> str:
        """The time in UTC, the message as it stands in the code, and every value beside it."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        return json.dumps(told | _values(record) | _failure(record), default=str, ensure_ascii=False)


class ForPeople(logging.Formatter):
    """One line to read in a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Time of day, level, message, values; below it where an error came from."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        values = (f"{name}={value}" for name, value in _values(record).items())
        line = " ".join((f"{at:%H:%M:%S} {record.levelname:<7} {record.getMessage()}", *values))
        failure = _failure(record)
        return (
            "\n".join((line, f"  {failure['error']}", *(f"    {at}" for at in failure["where"]))) if failure else line
        )


def _values(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in USUAL}


def _failure(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or record.exc_info[1] is None:
        return {}
    error = record.exc_info[1]
    steps = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "where": [f"{at.filename}:{at.lineno} {at.name}" for at in steps]}

"""Figures that are kept from run to run, whoever measured them: a key is as fresh as its last measurement."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.figures import Figures

LATEST = Path(__file__).parent / "latest.json"


def keep(fresh: Figures, book: Path = LATEST) -> Path:
    """Write them over those of the same key; all others stay. Where they are now."""
    book.write_text(json.dumps({**kept(book), **fresh}, indent=2) + "\n")
    return book


def kept(book: Path = LATEST) -> Mapping[str, float | int | str]:
    """Nothing where nobody measured yet."""
    known: Figures = json.loads(book.read_text()) if book.exists() else {}
    return known

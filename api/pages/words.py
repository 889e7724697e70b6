"""What the reader reads: words, and spans of time, in English or in Chinese."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from fastapi import Request

from api.pages.dictionary import WORDS
from rules.holds import HOUSE


class Language(StrEnum):
    """What the reader reads."""

    EN = "en"
    ZH = "zh"


COLUMN: Final = {Language.EN: 0, Language.ZH: 1}
OURSELVES: Final = {"clock": "rung.clock", HOUSE: "ours"}
ENOUGH: Final = 10  # of one unit, and the smaller one says nothing
UNITS: Final = {
    Language.EN: ((86_400, " d"), (3_600, " h"), (60, " min"), (1, " s")),
    Language.ZH: ((86_400, " 天"), (3_600, " 小时"), (60, " 分钟"), (1, " 秒")),
}


def word(language: Language, key: str) -> str:
    """One word; a code that nobody translated is made readable."""
    row = WORDS.get(key)
    return row[COLUMN[language]] if row else key.rpartition(".")[2].replace("_", " ")


def many(language: Language, key: str, count: int) -> str:
    """So many of something."""
    one = f"{key}.one"
    return f"{count} {word(language, one if count == 1 and one in WORDS else key)}"


def party(language: Language, name: str) -> str:
    """Somebody outside, as people call them: the company before the account that speaks for it."""
    known = [f"party.{part}" for part in reversed(name.split("."))]
    return " · ".join(word(language, key) for key in known) if set(known) <= WORDS.keys() else name


def who(language: Language, by: str) -> str:
    """Who did it: ourselves, a role, or the name or badge as it is."""
    key = OURSELVES.get(by, f"role.{by}")
    return word(language, key) if key in WORDS else by


def span(language: Language, length: timedelta) -> str:
    """A length of time in its largest unit, and the next one where that says something."""
    seconds, parts = int(abs(length).total_seconds()), list[tuple[int, str]]()
    for size, unit in UNITS[language]:
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    if parts[first][0] >= ENOUGH:
        return f"{parts[first][0]}{parts[first][1]}"
    shown = [f"{count}{unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(shown) or f"0{parts[-1][1]}"


def language_of(request: Request) -> Language:
    """Asked for in the address, else remembered, else what the browser prefers."""
    for wanted in (request.query_params.get("lang"), request.cookies.get("lang")):
        if wanted in tuple(Language):
            return Language(wanted)
    preferred = request.headers.get("accept-language", "").strip().lower()
    return Language.ZH if preferred.startswith("zh") else Language.EN

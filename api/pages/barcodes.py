"""Code 128, drawn: what a scanner reads off a box.

Source: ISO/IEC 15417; the widths of bars and spaces as the table of python-barcode 0.16.1 has them,
https://pypi.org/project/python-barcode/, read 2026-11-22.
Why set B only: our ids are short and mostly letters.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import Final

# One number for each symbol: bar, space, bar, space, bar, space. Set B says its characters from the blank on.
WIDTHS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232"
)
EACH: Final = 7  # letters of that table
START_B: Final = 104
STOP: Final = "2331112"
MODULUS: Final = 103  # of the check symbol
BLANK: Final = ord(" ")
LAST: Final = ord("~")
QUIET: Final = 10  # modules of nothing on each side


@dataclass(frozen=True)
class Bars:
    """A barcode as a path of one module's height. Units: modules."""

    path: str
    wide: int


def code128(words: str) -> Bars:
    """The words in code set B. Raises: ValueError for what no keyboard of the time had."""
    if not words or not all(BLANK <= ord(letter) <= LAST for letter in words):
        raise ValueError("not_code_128")
    values = [START_B, *(ord(letter) - BLANK for letter in words)]
    check = (START_B + sum(place * value for place, value in enumerate(values))) % MODULUS
    symbols = [WIDTHS[value * EACH : value * EACH + EACH - 1] for value in (*values, check)]
    widths = [int(width) for width in "".join((*symbols, STOP))]
    edges = list(accumulate(widths, initial=QUIET))
    bars = zip(edges[::2], widths[::2], strict=True)
    return Bars("".join(f"M{left} 0h{wide}v1h-{wide}z" for left, wide in bars), edges[-1] + QUIET)

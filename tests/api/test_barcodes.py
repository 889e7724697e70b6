"""Barcodes: what a scanner would read off the page."""

import re

import pytest

from api.pages.barcodes import QUIET, code128

# As python-barcode 0.16.1 draws them.
DRAWN = {
    "P1": "110100100001110111011010011100110101111001001100011101011",
    "HAND-1": "11010010000110001010001010001100010111000110101100010001001101110010011100110110001000101100011101011",
    "PJJ123C": (
        "11010010000111011101101011011100010110111000100111001101100111001011001011100"
        "10001000110111010001101100011101011"
    ),
}


def modules(bars):
    """Black and white, module by module."""
    line = [0] * bars.wide
    for left, wide, back in re.findall(r"M(\d+) 0h(\d+)v1h-(\d+)z", bars.path):
        assert wide == back
        line[int(left) : int(left) + int(wide)] = [1] * int(wide)
    return "".join(map(str, line))


@pytest.mark.parametrize("words", DRAWN)
def test_bars_are_those_of_an_independent_drawing_with_room_on_both_sides(words):
    room = "0" * QUIET

    assert modules(code128(words)) == room + DRAWN[words] + room


def test_a_parcels_number_fits_a_label_with_a_quarter_of_a_millimetre_for_each_module():
    assert code128("7KQ2M4T9XW3F5H8J-hand-99").wide / 4 < 92


@pytest.mark.parametrize("words", ["", "张三", "a\n"])
def test_what_cannot_be_said_is_not_drawn(words):
    with pytest.raises(ValueError, match="not_code_128"):
        code128(words)

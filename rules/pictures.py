"""What counts as a picture, by its content alone: a name and a header can say anything.

The header must be one that a camera would write; what follows is not decoded, so a picture can still be damaged. What
begins otherwise is none, however it goes on: SVG and PDF can carry scripts, and archives can hide behind them.

Source: JPEG ITU-T T.81 annex B; PNG https://www.w3.org/TR/png-3/ section 11.2.1; WebP RFC 9649 section 2; HEIC
ISO/IEC 14496-12 section 4 (boxes) and 23008-12 annex B (brands); read 2026-11-22.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import islice

from models.picture import Occasion, PictureKind

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 200_000_000  # no camera makes more; a header that says so would fill the memory of who looks at it
MOST: dict[Occasion, int] = {Occasion.REQUEST: 3, Occasion.INSPECTION: 20}  # about one thing
SEGMENTS = 1000  # Why: a file of nothing but empty parts would keep us reading

# Of JPEG: what starts a frame (all SOF, without DHT, JPG and DAC), and what cannot stand before one.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
NOT_BEFORE = frozenset({0x00, 0x01, *range(0xD0, 0xDB)})
PNG = b"\x89PNG\r\n\x1a\n"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # bits, by type of colour
HEIC = frozenset({b"heic", b"heix", b"heim", b"heis"})  # one picture coded with HEVC; hevc, hevx are sequences


def kind_of(content: bytes) -> PictureKind | None:
    """What a picture is; None: none that we take."""
    if content.startswith(b"\xff\xd8\xff"):
        return PictureKind.JPEG if _is_jpeg(content) else None
    if content.startswith(PNG):
        return PictureKind.PNG if _is_png(content) else None
    if content.startswith(b"RIFF"):
        return PictureKind.WEBP if _is_webp(content) else None
    return PictureKind.HEIC if _is_heic(content) else None


def _is_shown(width: int, height: int) -> bool:
    return width > 0 and height > 0 and width * height <= MOST_PIXELS


def _is_jpeg(content: bytes) -> bool:
    frame = next((body for marker, body in islice(_segments(content), SEGMENTS) if marker in FRAMES), b"")
    if len(frame) < struct.calcsize(">BHHB"):
        return False
    precision, height, width, components = struct.unpack_from(">BHHB", frame)
    is_told = components in (1, 3, 4) and len(frame) == struct.calcsize(">BHHB") + 3 * components
    return precision in (8, 12) and is_told and _is_shown(width, height)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Everything before the picture proper; ends where it cannot be read on."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004  # every marker begins so
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in NOT_BEFORE or length < 2:  # noqa: PLR2004  # a length counts its own two bytes
            return
        is_filling = marker == 0xFF  # noqa: PLR2004  # any number of these may stand before a marker
        yield marker, b"" if is_filling else content[at + 4 : at + 2 + length]
        at += 1 if is_filling else 2 + length


def _is_png(content: bytes) -> bool:
    header = content[8:33]
    if len(header) < struct.calcsize(">I4sIIBBBBBI"):
        return False
    length, name, width, height, depth, colour, packed, filtered, laced, check = struct.unpack(">I4sIIBBBBBI", header)
    is_whole = (length, name) == (13, b"IHDR") and check == zlib.crc32(header[4:21])
    is_known = depth in DEPTHS.get(colour, ()) and (packed, filtered) == (0, 0) and laced in (0, 1)
    return is_whole and is_known and _is_shown(width, height)


def _is_webp(content: bytes) -> bool:
    if len(content) < 30 or content[8:12] != b"WEBP" or int.from_bytes(content[4:8], "little") + 8 > len(content):  # noqa: PLR2004  # the shortest there is
        return False
    match content[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return content[23:26] == b"\x9d\x01\x2a" and _is_shown(width & 0x3FFF, height & 0x3FFF)
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return content[20] == 0x2F and _is_shown((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)  # noqa: PLR2004  # its mark
        case b"VP8X":
            sides = [int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27)]
            return content[16:20] == b"\x0a\0\0\0" and _is_shown(*sides)
    return False


def _is_heic(content: bytes) -> bool:
    """How large it is stands deep inside, and is not looked for."""
    kind, brands = next(_boxes(content), (b"", b""))
    if kind != b"ftyp" or len(brands) < 8 or len(brands) % 4:  # noqa: PLR2004  # a brand and its version
        return False
    known = {brands[at : at + 4] for at in (0, *range(8, len(brands), 4))}
    return bool(known & HEIC) and any(name == b"meta" for name, _ in islice(_boxes(content), SEGMENTS))


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The outermost boxes; ends where it cannot be read on."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4]) or len(content) - at  # 0: to the end
        if size < 8 or at + size > len(content):  # noqa: PLR2004  # its own size and name
            return
        yield content[at + 4 : at + 8], content[at + 8 : at + size]
        at += size

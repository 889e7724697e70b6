import struct
import time

import pytest

from models.picture import PictureKind
from rules.pictures import MOST_BYTES, kind_of
from tests.store.shots import HEIC, JPEG, WEBP, WEBP_LOSSLESS, png

SIDES = JPEG.index(b"\xff\xc0") + 5
MARKUP = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXTENDED = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<II", 10, 0) + b"\x0f\0\0\x0f\0\0"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (JPEG, PictureKind.JPEG),
        (JPEG[:2] + b"\xff\xff" + JPEG[2:], PictureKind.JPEG),  # filling before a marker
        (JPEG + b"\0\0\0\x18ftypmp42", PictureKind.JPEG),  # a moving photo
        (png(), PictureKind.PNG),
        (WEBP, PictureKind.WEBP),
        (WEBP_LOSSLESS, PictureKind.WEBP),
        (EXTENDED, PictureKind.WEBP),
        (HEIC, PictureKind.HEIC),
        (HEIC.replace(b"ftypheic", b"ftypmif1"), PictureKind.HEIC),
    ],
)
def test_what_cameras_and_programs_write_is_a_picture(content, kind):
    assert kind_of(content) is kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff",
        b"GIF89a" + bytes(100),
        b"BM" + bytes(100),
        b"II*\0" + bytes(100),
        b"%PDF-1.7\n",
        b"PK\x03\x04" + JPEG,
        MARKUP,
        b'<?xml version="1.0"?>' + MARKUP,
        b"<html>" + JPEG,
        b" " + JPEG,
        b"\xef\xbb\xbf" + png(),
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + HEIC,
        HEIC.replace(b"heic", b"avif"),
        HEIC.replace(b"meta", b"free"),
    ],
)
def test_everything_else_is_none_whatever_hides_behind_it(content):
    assert kind_of(content) is None


@pytest.mark.parametrize(
    "content",
    [
        JPEG[:SIDES] + b"\0\0" + JPEG[SIDES + 2 :],  # no height
        JPEG[:SIDES] + b"\xff\xff\xff\xff" + JPEG[SIDES + 4 :],
        JPEG[:SIDES],
        b"\xff\xd8\xff" + MARKUP,
        JPEG[:2] + b"\xff\xda" + JPEG[4:],  # the picture proper, and no frame before it
        png(width=0),
        png(width=40_000, height=40_000),
        png(depth=3),
        png(colour=5),
        png()[:30],
        png().replace(b"\0\0\0\x10\0\0\0\x10", b"\0\0\0\x10\0\0\0\x11"),  # its check is wrong
        WEBP[:-1],
        WEBP.replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b"),
        WEBP[:26] + bytes(4) + WEBP[30:],
        WEBP.replace(b"VP8 ", b"VP9 "),
        WEBP_LOSSLESS.replace(b"\x2f", b"\x2e"),
        EXTENDED[:-6] + b"\xff" * 6,
        b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
        HEIC[:40],
        b"\0\0\0\x07ftypheic",
    ],
)
def test_a_header_that_no_camera_writes_makes_no_picture(content):
    assert kind_of(content) is None


@pytest.mark.parametrize("part", [b"\xff\xe0\0\x02", b"\xff"])
def test_a_file_of_empty_parts_does_not_keep_us_reading(part):
    content = b"\xff\xd8" + part * (MOST_BYTES // len(part))
    started = time.process_time()

    assert kind_of(content) is None
    assert time.process_time() - started < 0.25


def test_boxes_without_end_do_not_keep_us_reading():
    content = HEIC[:28] + b"\0\0\0\x08free" * (MOST_BYTES // 8)
    started = time.process_time()

    assert kind_of(content) is None
    assert time.process_time() - started < 0.25

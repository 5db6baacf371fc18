"""The frames of MP3 and AAC (ADTS) files, which have no other structure, and where one kind follows the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmap import mmap

PROOF = 8  # frames in a row: junk is taken for fewer
MOST_JUNK = 1 << 20  # bytes in which frames are looked for
ID3, APE, ID3_OLD, ID3_OLD_SIZE = b"ID3", b"APETAGEX", b"TAG", 128
# kbit/s by version (1; 2 and 2.5), layer and index; Hz by index for version 1.
_BIT_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)
ADTS, MPEG = "adts", "mpeg"


def frame_joints(data: mmap) -> Iterator[int]:
    """Where frames of the other kind begin, with the tag before them."""
    at, kind = _after_tags(data, 0), None
    while at < len(data):
        found, length = frame(data[at : at + 7])
        if found and found == kind:
            at += length
            continue
        begin = at
        at = _next_frames(data, begin)
        if at < 0:
            return
        now = frame(data[at : at + 7])[0]
        if kind and now != kind:
            yield begin
        kind = now


def _next_frames(data: mmap, start: int) -> int:
    """The first byte from which on there are frames; -1 if there are none soon."""
    at = _after_tags(data, start)
    end = min(len(data), at + MOST_JUNK)
    while 0 <= at < end:
        if _is_proved(data, at):
            return at
        at = data.find(b"\xff", at + 1, end)
    return -1


def _is_proved(data: mmap, at: int) -> bool:
    kind, length = frame(data[at : at + 7])
    for _ in range(PROOF - 1):
        at += length
        now, length = frame(data[at : at + 7])
        if not now or now != kind:
            return False
    return True


def _after_tags(data: mmap, at: int) -> int:
    while True:
        head = data[at : at + 16]
        if head.startswith(ID3) and len(head) == 16:
            size = 0
            for byte in head[6:10]:
                size = size << 7 | byte & 0x7F
            at += 10 + size
        elif head.startswith(APE):
            at += 32 + int.from_bytes(head[12:16], "little")
        elif head.startswith(ID3_OLD):
            at += ID3_OLD_SIZE
        else:
            return at


def frame(head: bytes) -> tuple[str, int]:
    """Kind and length (bytes) of the frame that begins so; an empty kind if none does."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return "", 0
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return (ADTS, length) if length > 7 and head[2] & 0x3C < 0x34 else ("", 0)
    return _mpeg_frame(head)


def _mpeg_frame(head: bytes) -> tuple[str, int]:
    version, layer = {3: 1, 2: 2, 0: 4}.get(head[1] >> 3 & 3, 0), 4 - (head[1] >> 1 & 3)
    rate_index, hertz_index = head[2] >> 4, head[2] >> 2 & 3
    if not version or layer == 4 or not 0 < rate_index < 15 or hertz_index == 3:
        return "", 0
    bits = 1000 * _BIT_RATES[min(version, 2), layer][rate_index - 1]
    hertz, padding = _RATES[hertz_index] // version, head[2] >> 1 & 1
    if layer == 1:
        return MPEG, (12 * bits // hertz + padding) * 4
    return MPEG, (72 if layer == 3 and version > 1 else 144) * bits // hertz + padding

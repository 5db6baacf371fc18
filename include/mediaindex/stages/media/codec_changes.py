"""Changes of codec in MPEG transport streams, by the tables that say what each stream holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from .transport_stream import (
    AUDIO_TAGS,
    PACKET,
    PAT_PID,
    PMT_TABLE,
    PRIVATE,
    STRIDES,
    SYNC,
    SYNCED,
    is_audio,
    pid_of,
    section_of,
    streams,
)

if TYPE_CHECKING:
    from mmap import mmap

BLOCK = 1 << 16  # packets in memory at a time
# MPEG-1 and MPEG-2 audio have one decoder.
SAME = {0x04: 0x03}
IN_FORCE = 1  # of a table; others come into force later
_Codec: TypeAlias = tuple[object, bool]  # with whether it is audio


def codec_changes(data: mmap) -> Iterator[int]:
    """Where a stream of audio goes on with another codec: at the last list of programmes before its new table."""
    known: dict[int, _Codec] = {}
    listed = 0
    for place, packet in _tables(data):
        if pid_of(packet) == PAT_PID:
            listed = place
            continue
        section = section_of(packet)
        if len(section) < 6 or section[0] != PMT_TABLE or not section[5] & IN_FORCE:
            continue
        now = {pid: _codec(kind, tags) for kind, pid, tags in streams(section)}
        if any(known[pid] != codec and True in (codec[1], known[pid][1]) for pid, codec in now.items() if pid in known):
            yield listed
        known |= now


def _codec(kind: int, tags: set[int]) -> _Codec:
    name = frozenset(AUDIO_TAGS & tags) if kind == PRIVATE else SAME.get(kind, kind)
    return name, is_audio(kind, tags)


def _tables(data: mmap) -> Iterator[tuple[int, bytes]]:
    """Place and content of the packets that may begin a table: those without time stamps, of few streams."""
    import numpy as np

    at = 0
    while True:
        at, stride = _synchronised(data, at)
        if not stride:
            return
        count = min(BLOCK, (len(data) - at - PACKET) // stride + 1)
        piece = np.frombuffer(data[at : at + (count - 1) * stride + PACKET].ljust(count * stride, b"\0"), np.uint8)
        rows = piece.reshape(count, stride)
        lost = np.flatnonzero(rows[:, 0] != SYNC)
        whole = int(lost[0]) if len(lost) else count
        begins = rows[:whole, 1] & 0x40 != 0
        payload = np.where(rows[:whole, 3] & 0x20, 5 + rows[:whole, 4].astype(np.int64), 4).clip(max=PACKET - 4)
        index = np.arange(whole)
        # A packet of audio or pictures that begins here has 00 00 01 in front; a table has its pointer and number.
        pes = (rows[index, payload] == 0) & (rows[index, payload + 1] == 0) & (rows[index, payload + 2] == 1)
        for row in np.flatnonzero(begins & ~pes):
            yield at + int(row) * stride, rows[row, :PACKET].tobytes()
        at += whole * stride if whole else 1


def _synchronised(data: mmap, at: int) -> tuple[int, int]:
    """The next packet from here, and the bytes from packet to packet; 0 if there are no more packets."""
    while 0 <= (at := data.find(b"\x47", at)) <= len(data) - PACKET:
        for stride in STRIDES:
            places = range(at, min(len(data), at + SYNCED * stride), stride)
            if all(data[place] == SYNC for place in places):
                return at, stride
        at += 1
    return at, 0

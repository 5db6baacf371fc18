"""Recognise scrambled audio in MPEG transport streams and program streams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from .transport_stream import (
    NULL_PID,
    PACKET,
    PAT_PID,
    PAT_TABLE,
    PMT_TABLE,
    STRIDES,
    SYNC,
    SYNCED,
    is_audio,
    pid_of,
    section_of,
    streams,
)

# Apple's SAMPLE-AES leaves packets in the clear; a descriptor in the table says that their content is not.
SAMPLE_AES = (b"\x0f\x04aacd", b"\x0f\x04ac3d", b"\x0f\x04ec3d")
MOST_SCRAMBLED = 0.5  # share of the packets with content
SECTOR, PACK, AUDIO_STREAMS = 2048, b"\0\0\1\xba", frozenset({0xBD, *range(0xC0, 0xE0)})


def scrambling(head: bytes) -> str | None:
    """How the audio of a stream that begins so is scrambled; None if it does not seem to be."""
    packets = _packets(head)
    if packets:
        if any(mark in packet for packet in packets for mark in SAMPLE_AES):
            return "a transport stream with SAMPLE-AES"
        return "a scrambled transport stream" if _are_scrambled(packets) else None
    return "a scrambled program stream" if _is_scrambled_disc(head) else None


def _packets(head: bytes) -> list[bytes]:
    for stride in STRIDES:
        for at in range(stride):
            if all(head[at + n * stride : at + n * stride + 1] == b"\x47" for n in range(SYNCED)):
                places = range(at, len(head) - PACKET + 1, stride)
                return [head[place : place + PACKET] for place in places if head[place] == SYNC]
    return []


def _are_scrambled(packets: Sequence[bytes]) -> bool:
    """Whether all audio is, or, without a table of the programmes, all streams are."""
    marks: dict[int, list[bool]] = defaultdict(list)
    for packet in packets:
        if packet[3] & 0x10 and pid_of(packet) not in {PAT_PID, NULL_PID}:
            marks[pid_of(packet)].append(packet[3] & 0x80 != 0)
    audio = _audio_pids(packets) & marks.keys()
    counted = [mark for of_stream in marks.values() for mark in of_stream]
    shares = [sum(marks[pid]) / len(marks[pid]) for pid in audio] or [sum(counted) / max(1, len(counted))]
    return min(shares) > MOST_SCRAMBLED


def _audio_pids(packets: Sequence[bytes]) -> set[int]:
    tables = {
        (section[at + 2] & 0x1F) << 8 | section[at + 3]
        for section in _sections(packets, {PAT_PID}, PAT_TABLE)
        for at in range(8, len(section) - 3, 4)
    }
    return {
        pid
        for section in _sections(packets, tables, PMT_TABLE)
        for kind, pid, tags in streams(section)
        if is_audio(kind, tags)
    }


def _sections(packets: Sequence[bytes], pids: set[int], table: int) -> Iterator[bytes]:
    """The sections that begin in packets of these streams, without checksum; one longer than its packet is cut off."""
    for packet in packets:
        if pid_of(packet) in pids and (section := section_of(packet)) and section[0] == table:
            yield section


def _is_scrambled_disc(head: bytes) -> bool:
    """Whether the audio sectors of a DVD are."""
    starts = range(0, len(head) - SECTOR + 1, SECTOR) if head.startswith(PACK) else ()
    sectors = [head[at : at + 21] for at in starts if head.startswith(PACK, at) and head[at + 4] & 0xC0 == 0x40]
    audio = [sector[20] & 0x30 != 0 for sector in sectors if sector[14:17] == b"\0\0\1" and sector[17] in AUDIO_STREAMS]
    return sum(audio) > MOST_SCRAMBLED * max(1, len(audio))

"""The packets of MPEG transport streams, and the tables that say what each stream holds."""

from __future__ import annotations

from collections.abc import Iterator

PACKET, SYNC, NULL_PID = 188, 0x47, 0x1FFF
STRIDES = (PACKET, 192, 204)  # bytes from packet to packet: of discs with 4 before, of broadcasts with 16 after
SYNCED = 5  # packets in a row that prove a transport stream
PAT_PID, PAT_TABLE, PMT_TABLE = 0, 0, 2
# Types of audio in a programme's table, by ISO/IEC 13818-1, ATSC and Blu-ray; in DVB, tags of descriptors say so.
AUDIO_TYPES = frozenset({0x03, 0x04, 0x0F, 0x11, 0x1C, 0x81, 0x83, 0x84, 0x85, 0x87, 0xA1, 0xA2, 0xC1, 0xC2, 0xCF})
PRIVATE, AUDIO_TAGS = 0x06, frozenset({0x6A, 0x7A, 0x7B, 0x7C})


def pid_of(packet: bytes) -> int:
    """The number of the stream to which a packet belongs."""
    return (packet[1] & 0x1F) << 8 | packet[2]


def section_of(packet: bytes) -> bytes:
    """The section that begins in a packet, without its checksum; empty if none does. Longer ones are cut off."""
    if not packet[1] & 0x40 or packet[3] & 0xC0 or not packet[3] & 0x10:
        return b""
    start = 5 + packet[4] if packet[3] & 0x20 else 4
    start += 1 + packet[start] if start < PACKET else 0
    section = packet[start:]
    if len(section) < 8:
        return b""
    return section[: 3 + ((section[1] & 0x0F) << 8 | section[2]) - 4]


def is_audio(kind: int, tags: set[int]) -> bool:
    """Whether a stream of this type, with descriptors of these tags, holds audio."""
    return kind in AUDIO_TYPES or (kind == PRIVATE and bool(AUDIO_TAGS & tags))


def streams(section: bytes) -> Iterator[tuple[int, int, set[int]]]:
    """Type, PID and tags of descriptors of each stream in a programme's table."""
    if len(section) < 12:
        return
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    while at + 5 <= len(section):
        end = at + 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
        yield section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2], set(_tags(section[at + 5 : end]))
        at = end


def _tags(descriptors: bytes) -> Iterator[int]:
    at = 0
    while at + 2 <= len(descriptors):
        yield descriptors[at]
        at += 2 + descriptors[at + 1]

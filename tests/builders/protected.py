"""Files with the marks of encryption and without audio, built byte by byte."""

from __future__ import annotations

import struct

EBML, SEGMENT, INFO, TRACKS, TRACK, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
TRACK_TYPE, ENCODINGS, ENCODING, ENCODING_TYPE, ENCRYPTION = 0x83, 0x6D80, 0x6240, 0x5033, 0x5035
VIDEO, AUDIO = b"\x01", b"\x02"
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
ASF_PICTURES = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")  # extended content description
ASF_CONTENT_ENCRYPTION = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
ASF_EXTENDED_ENCRYPTION = bytes.fromhex("14e68a292226174cb935dae07ee9289c")
ASF_PLAYREADY = bytes.fromhex("338505438169e6499b74ad12cb86d58c")
PROGRAMME_PID, AUDIO_PID, VIDEO_PID = 0x100, 0x101, 0x102
CLEAR, SCRAMBLED = 0x10, 0xD0


def box(name: bytes, *content: bytes) -> bytes:
    """A box of MP4."""
    inside = b"".join(content)
    return struct.pack(">I4s", len(inside) + 8, name) + inside


def mp4(*tracks: bytes | tuple[bytes, ...], kind: bytes = b"soun") -> bytes:
    """An MP4 with tracks of these codes; several codes: a track with several descriptions."""
    parts = (
        box(b"hdlr", bytes(8), kind)
        + box(b"minf", box(b"stbl", box(b"stsd", bytes(8), *map(box, [codes] if isinstance(codes, bytes) else codes))))
        for codes in tracks
    )
    return box(b"ftyp", b"M4A ") + box(b"moov", *(box(b"trak", box(b"mdia", part)) for part in parts))


def element(id_: int, *content: bytes, unknown_size: bool = False) -> bytes:
    """An element of Matroska."""
    inside = b"".join(content)
    size = b"\x01" + (b"\xff" * 7 if unknown_size else len(inside).to_bytes(7, "big"))
    return id_.to_bytes((id_.bit_length() + 7) // 8, "big") + size + inside


def matroska_track(kind: bytes, *encodings: bytes) -> bytes:
    """A track; ``encodings``: the content of each of its encodings."""
    marks = [element(ENCODINGS, *(element(ENCODING, encoding) for encoding in encodings))] if encodings else []
    return element(TRACK, element(TRACK_TYPE, kind), *marks)


def matroska(*tracks: bytes, live: bool = False) -> bytes:
    """``live``: of unknown size."""
    parts = (element(INFO, bytes(40)), element(TRACKS, *tracks), element(CLUSTER, bytes(200), unknown_size=live))
    return element(EBML, bytes(20)) + element(SEGMENT, *parts, unknown_size=live)


def asf_object(name: bytes, *content: bytes) -> bytes:
    """An object of ASF."""
    inside = b"".join(content)
    return name + struct.pack("<Q", len(inside) + 24) + inside


def asf(*objects: bytes) -> bytes:
    """An ASF header of these objects, and some content."""
    return asf_object(ASF_HEADER, struct.pack("<IBB", len(objects), 1, 2), *objects) + bytes(99)


def flv(*tags: int) -> bytes:
    """An FLV file with tags of these types, the bit of a filter included."""
    return b"FLV\x01\x04\0\0\0\x09" + bytes(4) + b"".join(bytes([tag]) + b"\0\0\x05" + bytes(7 + 5 + 4) for tag in tags)


def packet(pid: int, control: int, content: bytes = b"", *, begins: bool = False) -> bytes:
    """A packet of a transport stream; ``control``: whether it is scrambled."""
    return bytes([0x47, (0x40 if begins else 0) | pid >> 8, pid & 0xFF, control]) + content.ljust(184, b"\xff")


def section(table: int, content: bytes) -> bytes:
    """A section of a table, after its pointer."""
    return bytes([0, table, 0xB0, len(content) + 9]) + b"\0\1\xc1\0\0" + content + bytes(4)


def stream(kind: int, pid: int, descriptors: bytes = b"") -> bytes:
    """A stream in the table of a programme."""
    return struct.pack(">BHH", kind, 0xE000 | pid, 0xF000 | len(descriptors)) + descriptors


def transport_stream(*streams: bytes, audio: int, video: int = CLEAR) -> bytes:
    """A programme of these streams, with five times as much video as audio."""
    tables = packet(0, CLEAR, section(0, struct.pack(">HH", 1, 0xE000 | PROGRAMME_PID)), begins=True)
    content = section(2, struct.pack(">HH", 0xE000 | VIDEO_PID, 0xF000) + b"".join(streams))
    tables += packet(PROGRAMME_PID, CLEAR, content, begins=True)
    return tables + (packet(VIDEO_PID, video) * 5 + packet(AUDIO_PID, audio)) * 20


def program_stream(flags: int) -> bytes:
    """Sectors of audio, as on a DVD; ``flags``: of the scrambling of each."""
    return (b"\0\0\1\xba\x44" + bytes(9) + b"\0\0\1\xbd\x07\xec" + bytes([0x81 | flags])).ljust(2048, b"\0") * 10


def zip_archive(*entries: tuple[str, bytes, bool]) -> bytes:
    """Name and content of each entry, and whether it has a password."""
    return b"".join(
        struct.pack("<4s5H3I2H", b"PK\3\4", 20, int(locked), 0, 0, 0, 0, len(data), len(data), len(name), 0)
        + name.encode()
        + data
        for name, data, locked in entries
    )

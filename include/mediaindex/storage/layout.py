"""Paths of artifacts, the same in S3 and in a folder, and the packing of payloads."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import Any

from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.printable import logger

log = logger(__name__)

# Each name is one path part, without slash or leading dot, so that no name can leave its folder.
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def payload_path(audio_sha256: str, stage: str, fingerprint: str) -> str:
    """``{audio_sha256}/{stage}/{fingerprint}.json.gz``."""
    return f"{_part(audio_sha256)}/{_part(stage)}/{_part(fingerprint)}.json.gz"


def file_path(audio_sha256: str, stage: str, fingerprint: str, name: str) -> str:
    """``{audio_sha256}/{stage}/{fingerprint}.{name}``."""
    return f"{_part(audio_sha256)}/{_part(stage)}/{_part(fingerprint)}.{_part(name)}"


def pointer_path(kind: str, name: str) -> str:
    """``pointers/{kind}/{name}.json``."""
    return f"pointers/{_part(kind)}/{_part(name)}.json"


def pack(payload: bytes) -> bytes:
    """Compress; equal payloads give equal bytes (without a time stamp)."""
    return gzip.compress(payload, compresslevel=6, mtime=0)


def unpack(packed: bytes, where: str) -> bytes | None:
    """The payload; None if it is damaged, so that it is computed and written again."""
    try:
        return gzip.decompress(packed)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        log.warning("artifact %s is damaged (%s); it is treated as missing and computed again", where, error)
        return None


def pack_pointer(value: dict[str, Any]) -> bytes:
    """The pointer as JSON."""
    return json.dumps(value, sort_keys=True).encode()


def unpack_pointer(packed: bytes, where: str) -> dict[str, Any] | None:
    """The pointer; None if it is damaged."""
    try:
        value = json.loads(packed)
    except ValueError as error:
        log.warning("pointer %s is damaged (%s); it is treated as missing", where, error)
        return None
    return value if isinstance(value, dict) else None


def _part(name: str) -> str:
    if not _PART.fullmatch(name):
        raise TerminalError(
            f"artifact name {name!r} is invalid: use only letters, digits, '.', '_' and '-', start with a letter or "
            "digit",
            code=ErrorCode.ARTIFACT_NAME,
        )
    return name

"""``normalize`` as the runner does it: the one stage whose input is the recording itself.

A pointer from the source (an object's version or a file's bytes, plus settings) to the audio's hash lets a second run
over the same source find its artifact without decoding anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.stages.fingerprint import fingerprint
from mediaindex.stages.normalize import VERSION, Settings, files_of, normalize
from mediaindex.stages.results import NormalizedAudio

from . import codec, sources, summaries
from .job import ItemResult, JobItem
from .usage import Meter

if TYPE_CHECKING:
    from mediaindex.storage.artifacts import ArtifactStore
    from mediaindex.storage.objects import Located

NAME = "normalize"
ENGINE = "ffmpeg"
POINTER = "source"


def normalize_item(item: JobItem, store: ArtifactStore, folder: Path, settings: Settings, meter: Meter) -> ItemResult:
    """Normalise one recording and put its FLAC and facts into the store, unless they are there."""
    if item.hints.party_a_channel:
        settings = replace(settings, keep_channels=True)
    hint = {"hint.raw_format": item.hints.raw_format.model_dump_json()} if item.hints.raw_format else {}
    pointer = fingerprint(NAME, VERSION, (ENGINE,), settings, {**hint, "source": sources.identity(item.source)})
    known = _known(store, pointer)
    if known:
        return _result(item, "cached", *known, meter)

    source = sources.local_path(item.source, folder, _download)
    normalized = normalize(source, folder, settings, item.hints.raw_format)
    # The same audio in another container may run on another clock; its readers' times differ, so the name must too.
    clock = hashlib.sha256(repr(normalized.clock).encode()).hexdigest()
    mark = fingerprint(NAME, VERSION, (ENGINE,), settings, {**hint, "clock": clock})
    for file in sorted(folder.glob("*.flac")):
        store.put_file(normalized.audio_sha256, NAME, mark, file.name, file)
    store.put(normalized.audio_sha256, NAME, mark, codec.dump(normalized))
    store.put_pointer(POINTER, pointer, {"audio_sha256": normalized.audio_sha256, "fingerprint": mark})
    return _result(item, "done", normalized, mark, meter)


def _known(store: ArtifactStore, pointer: str) -> tuple[NormalizedAudio, str] | None:
    """What an earlier run found, and its fingerprint; None where a part of it is gone: other stages read the files."""
    known = store.get_pointer(POINTER, pointer)
    payload = store.get(known["audio_sha256"], NAME, known["fingerprint"]) if known else None
    if known is None or payload is None:
        return None
    normalized: NormalizedAudio = codec.load(NormalizedAudio, payload)
    whole = all(store.has_file(normalized.audio_sha256, NAME, known["fingerprint"], n) for n in files_of(normalized))
    return (normalized, known["fingerprint"]) if whole else None


def _download(source: Located, target: Path) -> None:
    from mediaindex.storage.client import s3_client
    from mediaindex.storage.media import download

    download(s3_client(), source, target)


def _result(item: JobItem, status: str, normalized: NormalizedAudio, mark: str, meter: Meter) -> ItemResult:
    return ItemResult(
        id=item.id,
        status=status,  # type: ignore[arg-type]
        audio_sha256=normalized.audio_sha256,
        fingerprint=mark,
        engine=ENGINE,
        summary=summaries.of_normalized(normalized),
        usage=meter.read(normalized.duration),
    )

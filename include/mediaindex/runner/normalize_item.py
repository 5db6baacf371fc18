"""``normalize`` as the runner does it: the one stage whose input is the recording itself.

A pointer from the source (an object's version or a file's bytes, plus settings) to the audio's hash lets a second run
over the same source find its artifact without decoding anything.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.stages.fingerprint import fingerprint
from mediaindex.stages.normalize import VERSION, Settings, normalize
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
    hint = {"hint.raw_format": item.hints.raw_format.model_dump_json()} if item.hints.raw_format else {}
    pointer = fingerprint(NAME, VERSION, (ENGINE,), settings, {**hint, "source": sources.identity(item.source)})
    known = store.get_pointer(POINTER, pointer)
    if known and (payload := store.get(known["audio_sha256"], NAME, known["fingerprint"])) is not None:
        return _result(item, "cached", codec.load(NormalizedAudio, payload), known["fingerprint"], meter)

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

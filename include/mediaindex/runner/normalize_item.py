"""``normalize`` as the runner does it: the one stage whose input is the recording itself.

A pointer from the source (an object's version or a file's bytes, plus settings) to the audio's hash lets a second run
over the same source find its artifact without decoding anything. Where the source is no longer in its bucket, what an
earlier run made of it under other settings serves as well.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.contract import artifacts
from mediaindex.contract.artifacts import fingerprint
from mediaindex.contract.job import ItemResult, JobItem
from mediaindex.contract.pipeline import NORMALIZE
from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.stages.normalize import VERSION, files_of, normalize

from . import sources, summaries
from .usage import Meter

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore
    from mediaindex.storage.objects import Located

log = logging.getLogger(__name__)

NAME = NORMALIZE.name
ENGINE = "ffmpeg"
POINTER = "source"
OTHERWISE = "the recording is no longer in its bucket; its audio is that of an earlier run, normalised by its settings"


def normalize_item(
    item: JobItem, store: ArtifactStore, folder: Path, settings: NormalizeSettings, meter: Meter
) -> ItemResult:
    """Normalise one recording and put its FLAC and facts into the store, unless they are there."""
    if item.hints.party_a_channel:
        settings = replace(settings, keep_channels=True)
    hint = {"hint.raw_format": item.hints.raw_format.model_dump_json()} if item.hints.raw_format else {}
    pointer = fingerprint(NAME, VERSION, (ENGINE,), settings, {**hint, "source": sources.identity(item.source)})
    known = _known(store, pointer)
    if known:
        return _result(item, ItemStatus.CACHED, *known, meter)

    try:
        source = sources.local_path(item.source, folder, _download)
    except TerminalError as error:
        if error.code == ErrorCode.GONE and (kept := _kept(item, store)):
            return _result(item, ItemStatus.CACHED, *kept, meter, OTHERWISE)
        raise
    normalized = normalize(source, folder, settings, item.hints.raw_format)
    # The same audio in another container may run on another clock; its readers' times differ, so the name must too.
    clock = hashlib.sha256(repr(normalized.clock).encode()).hexdigest()
    mark = fingerprint(NAME, VERSION, (ENGINE,), settings, {**hint, "clock": clock})
    for file in sorted(folder.glob("*.flac")):
        store.put_file(normalized.audio_sha256, NAME, mark, file.name, file)
    store.put(normalized.audio_sha256, NAME, mark, artifacts.dump(normalized))
    store.put_pointer(POINTER, pointer, {"audio_sha256": normalized.audio_sha256, "fingerprint": mark})
    return _result(item, ItemStatus.DONE, normalized, mark, meter)


def _known(store: ArtifactStore, pointer: str) -> tuple[NormalizedAudio, str] | None:
    """What an earlier run found, and its fingerprint; None where a part of it is gone: other stages read the files."""
    known = store.get_pointer(POINTER, pointer)
    return _whole(store, known["audio_sha256"], known["fingerprint"]) if known else None


def _kept(item: JobItem, store: ArtifactStore) -> tuple[NormalizedAudio, str] | None:
    """What the item's latest run left, whatever its settings were."""
    mark = item.upstream.get(NAME)
    if item.audio_sha256 is None or mark is None:
        return None
    try:
        return _whole(store, item.audio_sha256, mark)
    except TerminalError as error:
        log.warning("%s: its earlier normalised audio cannot be used: %s", item.name, error)
        return None


def _whole(store: ArtifactStore, sha256: str, mark: str) -> tuple[NormalizedAudio, str] | None:
    normalized = artifacts.find(store, NORMALIZE, sha256, mark)
    if normalized is None:
        return None
    whole = all(store.has_file(sha256, NAME, mark, name) for name in files_of(normalized))
    return (normalized, mark) if whole else None


def _download(source: Located, target: Path) -> None:
    from mediaindex.storage.client import s3_client
    from mediaindex.storage.media import download

    download(s3_client(), source, target)


def _result(
    item: JobItem, status: ItemStatus, normalized: NormalizedAudio, mark: str, meter: Meter, *warnings: str
) -> ItemResult:
    summary = summaries.of_normalized(normalized)
    return ItemResult(
        id=item.id,
        status=status,
        audio_sha256=normalized.audio_sha256,
        fingerprint=mark,
        engine=ENGINE,
        summary=summary | {"warnings": [*summary["warnings"], *warnings]},
        usage=meter.read(normalized.duration),
    )

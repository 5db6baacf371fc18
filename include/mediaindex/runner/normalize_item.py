"""Running ``normalize``: the only stage whose input is the recording itself.

A pointer from the source (an object's version or a file's bytes, plus settings) to the hash of the audio lets a second
run over the same source find its artifact without decoding. If the object no longer exists, the artifact of an earlier
run with other settings is used.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.contract import artifacts
from mediaindex.contract.job import ItemResult, JobItem
from mediaindex.contract.pipeline import NORMALIZE
from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.printable import logger
from mediaindex.stages.normalize import VERSION, files_of, normalize

from . import sources, summaries
from .usage import Meter

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore
    from mediaindex.storage.objects import Located

log = logger(__name__)

NAME = NORMALIZE.name
ENGINE = "ffmpeg"
POINTER = "source"
FROM_EARLIER_RUN = "the recording is no longer in its bucket; the audio of an earlier run and its settings are used"


def normalize_item(
    item: JobItem, store: ArtifactStore, folder: Path, settings: NormalizeSettings, meter: Meter
) -> ItemResult:
    """Normalise one recording and store its FLAC and facts, unless they exist."""
    if item.hints.party_a_channel:
        settings = replace(settings, keep_channels=True)
    if item.hints.tracks:
        settings = replace(settings, tracks=item.hints.tracks)
    hint = {"hint.raw_format": item.hints.raw_format.model_dump_json()} if item.hints.raw_format else {}
    pointer = artifacts.fingerprint(
        NAME, VERSION, (ENGINE,), settings, {**hint, "source": sources.identity(item.source)}
    )
    if known := _known(store, pointer):
        return _result(item, ItemStatus.CACHED, *known, meter)

    try:
        source = sources.local_path(item.source, folder, _download)
    except TerminalError as error:
        if error.code == ErrorCode.GONE and (kept := _kept(item, store)):
            return _result(item, ItemStatus.CACHED, *kept, meter, FROM_EARLIER_RUN)
        raise
    normalized = normalize(source, folder, settings, item.hints.raw_format)
    # The same audio in another container may have another clock, so that times in results of later stages differ.
    clock = hashlib.sha256(repr(normalized.clock).encode()).hexdigest()
    fingerprint = artifacts.fingerprint(NAME, VERSION, (ENGINE,), settings, {**hint, "clock": clock})
    for file in sorted(folder.glob("*.flac")):
        store.put_file(normalized.audio_sha256, NAME, fingerprint, file.name, file)
    store.put(normalized.audio_sha256, NAME, fingerprint, artifacts.dump(normalized))
    store.put_pointer(POINTER, pointer, {"audio_sha256": normalized.audio_sha256, "fingerprint": fingerprint})
    return _result(item, ItemStatus.DONE, normalized, fingerprint, meter)


def _known(store: ArtifactStore, pointer: str) -> tuple[NormalizedAudio, str] | None:
    """The result of an earlier run and its fingerprint; None if any part, files included, is missing."""
    known = store.get_pointer(POINTER, pointer)
    return _complete(store, known["audio_sha256"], known["fingerprint"]) if known else None


def _kept(item: JobItem, store: ArtifactStore) -> tuple[NormalizedAudio, str] | None:
    """The result of the item's latest run, with any settings, and its fingerprint; None if a part is missing."""
    fingerprint = item.upstream.get(NAME)
    if item.audio_sha256 is None or fingerprint is None:
        return None
    try:
        return _complete(store, item.audio_sha256, fingerprint)
    except TerminalError as error:
        log.warning("%s: the audio of its earlier run cannot be used: %s", item.name, error)
        return None


def _complete(store: ArtifactStore, sha256: str, fingerprint: str) -> tuple[NormalizedAudio, str] | None:
    normalized = artifacts.find(store, NORMALIZE, sha256, fingerprint)
    if normalized is None:
        return None
    complete = all(store.has_file(sha256, NAME, fingerprint, name) for name in files_of(normalized))
    return (normalized, fingerprint) if complete else None


def _download(source: Located, target: Path) -> None:
    from mediaindex.storage.client import s3_client
    from mediaindex.storage.media import download

    download(s3_client(), source, target)


def _result(
    item: JobItem, status: ItemStatus, normalized: NormalizedAudio, fingerprint: str, meter: Meter, *warnings: str
) -> ItemResult:
    summary = summaries.of_normalized(normalized)
    return ItemResult(
        id=item.id,
        status=status,
        audio_sha256=normalized.audio_sha256,
        fingerprint=fingerprint,
        engine=ENGINE,
        summary=summary | {"warnings": [*summary["warnings"], *warnings]},
        usage=meter.read(normalized.duration),
    )

"""Voices of the local speakers of each window, from as little of the recording as tells them apart.

pyannote passes every window once for each of its speakers through the embedding model, ten windows over the same ten
seconds. Here a stretch of one speaker's speech passes the model's trunk once; windows that share it pool its frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mediaindex.stages.protocols import SAMPLE_RATE

from . import clustering as speaker_clustering
from .segmentation import FRAME_MIDDLE, FRAME_STEP, FRAMES, clean, closest_frame
from .trunk import MELS, SUBSAMPLING, Trunk

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

Bits = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float32]]

_FBANK_STEP = 0.01  # s
_FBANK_MIDDLE = 0.0125  # s
TRUNK_STEP = _FBANK_STEP * SUBSAMPLING

ENOUGH = 1.5  # s of one's unbroken speech that are always listened to
SHARE = 0.5  # of longer speech, the middle part
SHORTEST = 0.2  # s
LEAST_FRAMES = 3  # of the trunk, to have a voice at all
LEAST_RUN = 0.75  # s of unbroken speech that say anything of their own
LEAST_CLEAN = 0.5  # s
# Two runs of a local speaker, each of a second or more, whose cosine distance is above this are two people:
# segmentation takes similar voices that never interrupt each other for one. Of 63 made conversations of 1 to 4 readers
# the number of speakers is then right in all, for distances of 0.60 to 0.70 here and thresholds of clustering of 0.475
# to 0.60.
MIXED = 0.65
TELLING_RUN = 1.0  # s


@dataclass(frozen=True, slots=True)
class Heard:
    """Frames of the trunk over a piece of speech: ``times`` (frames,) in seconds, ``frames`` (frames, features)."""

    times: Floats
    frames: Floats


@dataclass(frozen=True, slots=True)
class Voice:
    """Embedding (dimension,) of a local speaker, who is heard alone for ``clean`` frames of the window.

    ``whole``: of all its speech; otherwise of one run of it, from the frame ``first`` to the one before ``after``.
    ``mixed``: the local speaker's runs are so different that they cannot be of one person.
    """

    speaker: int
    clean: int
    first: int
    after: int
    whole: bool
    embedding: Floats
    mixed: bool = False


def runs(mask: Bits) -> list[tuple[int, int]]:
    """First frame, and frame after the last, of each run of a mask (frames,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def usable(active: Bits) -> Bits:
    """Where each local speaker is listened to, (…, FRAMES, speakers): alone, or anywhere where that is too little."""
    alone = clean(active)
    enough = alone.sum(-2, keepdims=True) * FRAME_STEP >= LEAST_CLEAN
    listened: Bits = np.where(enough, alone, active)
    return listened


def pieces(active: Bits, start: float, end: float) -> Iterator[tuple[float, float]]:
    """Pieces of speech of one speaker each, of one window (FRAMES, speakers), within ``start`` to ``end``.

    All in seconds of the window. Of long speech the middle is taken.
    """
    for mask in usable(active).T:
        for first, after in runs(mask):
            one, two = FRAME_MIDDLE + FRAME_STEP * first, FRAME_MIDDLE + FRAME_STEP * after
            one, two = max(start, one), min(end, two)
            take = max(min(two - one, ENOUGH), SHARE * (two - one))
            if take >= SHORTEST:
                middle = (one + two) / 2
                yield middle - take / 2, middle + take / 2


def filter_bank(samples: Samples) -> Floats:
    """Kaldi's log mel energies as WeSpeaker computes them, mean removed: (frames, MELS)."""
    import kaldi_native_fbank  # type: ignore[import-untyped]

    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.frame_opts.dither = 0.0
    options.frame_opts.window_type = "hamming"
    options.mel_opts.num_bins = MELS
    options.use_energy = False
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(SAMPLE_RATE, samples * 32768)
    bank.input_finished()
    frames = np.stack([bank.get_frame(number) for number in range(bank.num_frames_ready)])
    centred: Floats = (frames - frames.mean(0)).astype(np.float32)
    return centred


def listen(trunk: Trunk, samples: Samples, start: float) -> Heard:
    """Pass a piece of speech that starts ``start`` seconds into the recording through the trunk."""
    frames = trunk(filter_bank(samples))
    times = start + _FBANK_MIDDLE + TRUNK_STEP * np.arange(len(frames))
    return Heard(times, frames)


def voices(trunk: Trunk, active: Bits, start: float, heard: list[Heard]) -> Iterator[Voice]:
    """Voices of a window (FRAMES, speakers) from ``start`` seconds on: of each local speaker, then of its runs."""
    masks, alone = usable(active), clean(active).sum(0)
    times = np.concatenate([one.times for one in heard]) if heard else np.zeros(0)
    frames = np.concatenate([one.frames for one in heard]) if heard else np.zeros((0, 0))
    where = closest_frame(times - start)
    inside = (times >= start) & (times < start + FRAMES * FRAME_STEP)
    for speaker in range(active.shape[1]):
        mine = inside & masks[where, speaker]
        if mine.sum() < LEAST_FRAMES:
            continue
        parts = []
        for first, after in several(masks[:, speaker]):
            run = mine & (where >= first) & (where < after)
            if (after - first) * FRAME_STEP >= LEAST_RUN and run.sum() >= LEAST_FRAMES:
                parts.append((first, after, trunk.head.embed(frames[run])))
        mixed = are_mixed([part for first, after, part in parts if (after - first) * FRAME_STEP >= TELLING_RUN])
        yield Voice(speaker, int(alone[speaker]), 0, FRAMES, True, trunk.head.embed(frames[mine]), mixed)
        for first, after, embedding in parts:
            yield Voice(speaker, int(alone[speaker]), first, after, False, embedding, mixed)


def several(mask: Bits) -> list[tuple[int, int]]:
    """The runs of a mask where there is more than one."""
    found = runs(mask)
    return found if len(found) > 1 else []


def are_mixed(embeddings: list[Floats]) -> bool:
    """Whether any two of them are too far apart to be of one person."""
    if len(embeddings) < 2:
        return False
    units = speaker_clustering.normalised(np.stack(embeddings))
    return bool(1 - (units @ units.T).min() > MIXED)

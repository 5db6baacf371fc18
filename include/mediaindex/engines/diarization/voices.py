"""Voices (embeddings) of the local speakers of each window.

pyannote passes every window through the embedding model once per speaker, with ten windows over the same ten seconds.
Here a piece of speech of one speaker passes the trunk of the model once, and all windows that contain it pool its
frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mediaindex.stages.protocols import SAMPLE_RATE

from . import clustering
from .segmentation import FRAME_MIDDLE, FRAME_STEP, FRAMES, clean, closest_frame
from .trunk import MELS, SUBSAMPLING, Trunk

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

Bits = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float32]]

_FBANK_STEP = 0.01  # s
_FBANK_MIDDLE = 0.0125  # s
TRUNK_STEP = _FBANK_STEP * SUBSAMPLING

ENOUGH = 1.5  # s: unbroken speech of a speaker up to this length is embedded as a whole
SHARE = 0.5  # of longer speech, the middle part
SHORTEST = 0.2  # s
LEAST_FRAMES = 3  # of the trunk, for a voice
LEAST_RUN = 0.75  # s of unbroken speech, for a voice of its own
LEAST_CLEAN = 0.5  # s
# Two runs of a local speaker, each of at least one second, with a larger cosine distance than this are two people:
# segmentation takes similar voices that do not interrupt each other for one. The number of speakers is then right in
# all of 63 constructed conversations of 1 to 4 readers, for distances of 0.60 to 0.70 here and clustering thresholds of
# 0.475 to 0.60.
MIXED = 0.65
TELLING_RUN = 1.0  # s


@dataclass(frozen=True, slots=True)
class TrunkFrames:
    """Frames of the trunk over a piece of speech: ``times`` (frames,) in seconds, ``frames`` (frames, features)."""

    times: Floats
    frames: Floats


@dataclass(frozen=True, slots=True)
class Voice:
    """The embedding (dimension,) of a local speaker, who is alone in ``clean`` frames of the window.

    ``whole``: of all speech of the local speaker; otherwise of one run, from the frame ``first`` to the one before
    ``after``. ``mixed``: the runs of the local speaker are too different to be of one person.
    """

    speaker: int
    clean: int
    first: int
    after: int
    whole: bool
    embedding: Floats
    mixed: bool = False


def runs(mask: Bits) -> list[tuple[int, int]]:
    """The first frame, and the frame after the last, of each run of a mask (frames,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def usable(active: Bits) -> Bits:
    """The frames to embed of each local speaker, (..., FRAMES, speakers).

    These are the frames in which the speaker is alone, or all of its frames if the former are too few.
    """
    alone = clean(active)
    enough = alone.sum(-2, keepdims=True) * FRAME_STEP >= LEAST_CLEAN
    chosen: Bits = np.where(enough, alone, active)
    return chosen


def pieces(active: Bits, start: float, end: float) -> Iterator[tuple[float, float]]:
    """Pieces of speech, of one speaker each, of a window (FRAMES, speakers), between ``start`` and ``end``.

    All times are in seconds of the window. Of long speech, the middle part is used.
    """
    for mask in usable(active).T:
        for first, after in runs(mask):
            run_start = max(start, FRAME_MIDDLE + FRAME_STEP * first)
            run_end = min(end, FRAME_MIDDLE + FRAME_STEP * after)
            length = max(min(run_end - run_start, ENOUGH), SHARE * (run_end - run_start))
            if length >= SHORTEST:
                middle = (run_start + run_end) / 2
                yield middle - length / 2, middle + length / 2


def filter_bank(samples: Samples) -> Floats:
    """Log mel energies of Kaldi with the options of WeSpeaker, mean removed: (frames, MELS)."""
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


def trunk_frames(trunk: Trunk, samples: Samples, start: float) -> TrunkFrames:
    """Pass a piece of speech, which begins ``start`` seconds into the recording, through the trunk."""
    frames = trunk(filter_bank(samples))
    times = start + _FBANK_MIDDLE + TRUNK_STEP * np.arange(len(frames))
    return TrunkFrames(times, frames)


def window_voices(trunk: Trunk, active: Bits, start: float, passed: list[TrunkFrames]) -> Iterator[Voice]:
    """The voices of a window (FRAMES, speakers) at ``start`` seconds: per local speaker, of all speech, then of runs.

    ``passed``: the pieces of speech that passed the trunk and may lie in the window.
    """
    masks, alone = usable(active), clean(active).sum(0)
    times = np.concatenate([piece.times for piece in passed]) if passed else np.zeros(0)
    frames = np.concatenate([piece.frames for piece in passed]) if passed else np.zeros((0, 0))
    numbers = closest_frame(times - start)
    inside = (times >= start) & (times < start + FRAMES * FRAME_STEP)
    for speaker in range(active.shape[1]):
        own = inside & masks[numbers, speaker]
        if own.sum() < LEAST_FRAMES:
            continue
        parts = []
        for first, after in separate_runs(masks[:, speaker]):
            run = own & (numbers >= first) & (numbers < after)
            if (after - first) * FRAME_STEP >= LEAST_RUN and run.sum() >= LEAST_FRAMES:
                parts.append((first, after, trunk.head.embed(frames[run])))
        mixed = are_mixed([part for first, after, part in parts if (after - first) * FRAME_STEP >= TELLING_RUN])
        yield Voice(speaker, int(alone[speaker]), 0, FRAMES, True, trunk.head.embed(frames[own]), mixed)
        for first, after, embedding in parts:
            yield Voice(speaker, int(alone[speaker]), first, after, False, embedding, mixed)


def separate_runs(mask: Bits) -> list[tuple[int, int]]:
    """The runs of a mask, if there is more than one."""
    mask_runs = runs(mask)
    return mask_runs if len(mask_runs) > 1 else []


def are_mixed(embeddings: list[Floats]) -> bool:
    """Whether any two embeddings are too far apart to be of one person."""
    if len(embeddings) < 2:
        return False
    units = clustering.normalised(np.stack(embeddings))
    return bool(1 - (units @ units.T).min() > MIXED)

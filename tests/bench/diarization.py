"""The shipped diarizer against pyannote.audio's own pipeline on the same files: ``python tests/bench/diarization.py``.

The reference is pyannote/speaker-diarization-3.1 as published: segmentation-3.0 moving by a tenth of its window,
WeSpeaker ResNet34 through pyannote's own wrapper, agglomerative clustering with its published parameters; put together
from local weights, with as many torch threads as there are cores. The conversations are made from the development
data's single utterances (``--data``), a different mix for each seed. Both take turns, file by file, so that a busy
machine slows both. Prints ratios; exits with 1 where a bound is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conversations import Conversation, Spoken, conversation, utterances

from mediaindex.engines.diarization import diarizer
from mediaindex.models import ensure

SHARED = Path(__file__).parents[3] / "shared"
LEAST_SPEEDUP = 3.0
DER_TOLERANCE = 0.5  # percentage points
COLLARS = (0.25, 0.0)  # s; overlap is scored
PUBLISHED_THRESHOLD = 0.7045654963945799
PARTS = ("missed detection", "false alarm", "confusion")

Hears = Callable[[Conversation], list[Spoken]]


def reference(threads: int) -> Hears:
    """pyannote's pipeline, with pyannote's own embedding wrapper."""
    from mediaindex.engines.pyannote_audio import pipeline as pyannote_pipeline  # isort: skip  # switches pyannote's telemetry off
    import torch
    from pyannote.audio.pipelines.speaker_verification import ONNXWeSpeakerPretrainedSpeakerEmbedding

    models = ensure(["pyannote-segmentation-3.0", "wespeaker-resnet34"])
    embedding = models["wespeaker-resnet34"].path
    pipeline: Any = pyannote_pipeline.build(
        models["pyannote-segmentation-3.0"].path, embedding, step=0.1, threshold=PUBLISHED_THRESHOLD, threads=threads
    )
    pipeline._embedding = ONNXWeSpeakerPretrainedSpeakerEmbedding(str(embedding))
    pipeline.embedding_batch_size = pipeline.segmentation_batch_size = 32
    torch.set_num_threads(threads)

    def hears(recording: Conversation) -> list[Spoken]:
        file = {"waveform": torch.from_numpy(recording.samples)[None], "sample_rate": 16_000, "uri": "recording"}
        found = pipeline(file).speaker_diarization.itertracks(yield_label=True)
        return [(segment.start, segment.end, label) for segment, _, label in found]

    return hears


def shipped(threads: int) -> Hears:
    """Ours, as the runner makes it."""
    models = ensure(["pyannote-segmentation-3.0-onnx", "wespeaker-resnet34"])
    engine = diarizer.load(
        models["pyannote-segmentation-3.0-onnx"], models["wespeaker-resnet34"], identity="bench", threads=threads
    )
    return lambda one: [(span.start, span.end, span.speaker) for span in engine.diarize(one, None).spans]


def say(line: str) -> None:
    """A line of the report, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def errors(truth: list[Spoken], heard: list[Spoken], collar: float) -> Counter[str]:
    """Seconds of each kind of error, and in total, by pyannote.metrics."""
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    annotations = []
    for spoken in (truth, heard):
        annotation = Annotation()
        for number, (start, end, speaker) in enumerate(spoken):
            annotation[Segment(start, end), number] = speaker
        annotations.append(annotation)
    found = DiarizationErrorRate(collar=collar)(*annotations, detailed=True)
    return Counter({part: found[part] for part in (*PARTS, "total")})


def der(found: Counter[str]) -> float:
    """Diarization error rate in per cent."""
    return 100 * sum(found[part] for part in PARTS) / found["total"]


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "wer", help="directory with refs.jsonl")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each conversation")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--limit", type=float, default=120.0, help="seconds after which no further file is begun")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    hearers = {"pyannote.audio": reference(arguments.threads), "ours": shipped(arguments.threads)}
    return judged(list(hearers), *measured(hearers, arguments))


def measured(hearers: dict[str, Hears], options: argparse.Namespace) -> tuple[float, Counter[Any], dict[Any, Any]]:
    """Seconds of audio, seconds each took (wall clock and CPU), and errors by name and collar; without loading."""
    files = utterances(options.data)
    began, audio = time.monotonic(), 0.0
    took: Counter[Any] = Counter()
    found: dict[Any, Counter[str]] = {(name, collar): Counter() for name in hearers for collar in COLLARS}
    for hears in hearers.values():
        hears(conversation(files, 2, 5.0, seed=0))
    for seed in options.seeds:
        if time.monotonic() - began > options.limit:
            say(f"time is up: seed {seed} and later ones are left out")
            break
        people = 2 + seed % 3
        recording = conversation(files, people, options.seconds, seed)
        audio += recording.duration
        for name, hears in hearers.items():
            start, computed = time.perf_counter(), time.process_time()
            heard = hears(recording)
            took[name, "wall"] += time.perf_counter() - start
            took[name, "cpu"] += time.process_time() - computed
            for collar in COLLARS:
                found[name, collar] += errors(recording.spoken, heard, collar)
            rate = der(errors(recording.spoken, heard, COLLARS[0]))
            voices = len({speaker for *_, speaker in heard})
            say(f"  seed {seed}: {people} speakers, {name} hears {voices}, DER {rate:.1f} %")
    return audio, took, found


def judged(names: list[str], audio: float, took: Counter[Any], found: dict[Any, Counter[str]]) -> int:
    """Print the figures; 1 where a bound is missed."""
    for name in names:
        wall, cpu = (audio / took[name, clock] for clock in ("wall", "cpu"))
        say(f"{name}: {wall:.1f}x real time over {audio:.0f} s, {cpu:.1f}x a CPU second")
        for collar in COLLARS:
            kinds = found[name, collar]
            parts = ", ".join(f"{part} {100 * kinds[part] / kinds['total']:.2f}" for part in PARTS)
            say(f"  DER {der(kinds):.2f} % at collar {collar:g} s, overlap scored ({parts})")
    theirs, ours = names
    ratio, in_cpu = (took[theirs, clock] / took[ours, clock] for clock in ("wall", "cpu"))
    worse = max(der(found[ours, collar]) - der(found[theirs, collar]) for collar in COLLARS)
    say(f"ratio {ratio:.2f} (at least {LEAST_SPEEDUP}), {in_cpu:.2f} in CPU seconds")
    say(f"DER {worse:+.2f} points (at most {DER_TOLERANCE:+})")
    return 0 if ratio >= LEAST_SPEEDUP and worse <= DER_TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())

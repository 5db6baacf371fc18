"""The built-in diarizer compared with pyannote.audio's pipeline on the same files: ``tests/bench/diarization.py``.

The reference is pyannote/speaker-diarization-3.1 as published: segmentation-3.0 with a step of a tenth of its window,
WeSpeaker ResNet34 in pyannote's own wrapper, agglomerative clustering with its published parameters; loaded from local
weights, with one torch thread per core. The conversations are composed of the single utterances of the development data
(``--data``), a different mix per seed. The diarizers alternate file by file, so that a busy machine slows both. Prints
ratios; exits with 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediaindex.engines.diarization import diarizer
from mediaindex.models import ensure
from tests.bench.conversations import Conversation, Spoken, conversation, utterances

SHARED = Path(__file__).parents[3] / "shared"
LEAST_SPEEDUP = 3.0
DER_TOLERANCE = 0.5  # percentage points
COLLARS = (0.25, 0.0)  # s; overlap is scored
PUBLISHED_THRESHOLD = 0.7045654963945799
PARTS = ("missed detection", "false alarm", "confusion")

Diarize = Callable[[Conversation], list[Spoken]]


def reference(threads: int) -> Diarize:
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

    def diarize(recording: Conversation) -> list[Spoken]:
        file = {"waveform": torch.from_numpy(recording.samples)[None], "sample_rate": 16_000, "uri": "recording"}
        tracks = pipeline(file).speaker_diarization.itertracks(yield_label=True)
        return [(segment.start, segment.end, label) for segment, _, label in tracks]

    return diarize


def shipped(threads: int) -> Diarize:
    """The built-in diarizer, as the runner loads it."""
    models = ensure(["pyannote-segmentation-3.0-onnx", "wespeaker-resnet34"])
    engine = diarizer.load(
        models["pyannote-segmentation-3.0-onnx"], models["wespeaker-resnet34"], identity="bench", threads=threads
    )
    return lambda audio: [(span.start, span.end, span.speaker) for span in engine.diarize(audio, None).spans]


def write_line(line: str) -> None:
    """Write a line of the report without buffering."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def errors(truth: list[Spoken], spans: list[Spoken], collar: float) -> Counter[str]:
    """Seconds of each kind of error, and in total, by pyannote.metrics."""
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    annotations = []
    for spoken in (truth, spans):
        annotation = Annotation()
        for number, (start, end, speaker) in enumerate(spoken):
            annotation[Segment(start, end), number] = speaker
        annotations.append(annotation)
    reference, hypothesis = annotations
    components = DiarizationErrorRate(collar=collar)(reference, hypothesis, detailed=True)
    return Counter({part: components[part] for part in (*PARTS, "total")})


def der(components: Counter[str]) -> float:
    """Diarization error rate in percent."""
    return 100 * sum(components[part] for part in PARTS) / components["total"]


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "wer", help="directory with refs.jsonl")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each conversation")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--limit", type=float, default=120.0, help="seconds after which no further file is started")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    diarizers = {"pyannote.audio": reference(arguments.threads), "built-in": shipped(arguments.threads)}
    return judged(list(diarizers), *measured(diarizers, arguments))


def measured(
    diarizers: dict[str, Diarize], options: argparse.Namespace
) -> tuple[float, dict[Any, float], dict[Any, Any]]:
    """Seconds of audio, seconds per diarizer (wall and CPU, without loading), and errors by name and collar."""
    files = utterances(options.data)
    began, audio = time.monotonic(), 0.0
    took: dict[Any, float] = defaultdict(float)
    results: dict[Any, Counter[str]] = {(name, collar): Counter() for name in diarizers for collar in COLLARS}
    for diarize in diarizers.values():
        diarize(conversation(files, 2, 5.0, seed=0))
    for seed in options.seeds:
        if time.monotonic() - began > options.limit:
            write_line(f"time limit reached: seed {seed} and later ones are skipped")
            break
        people = 2 + seed % 3
        recording = conversation(files, people, options.seconds, seed)
        audio += recording.duration
        for name, diarize in diarizers.items():
            start, computed = time.perf_counter(), time.process_time()
            spans = diarize(recording)
            took[name, "wall"] += time.perf_counter() - start
            took[name, "cpu"] += time.process_time() - computed
            for collar in COLLARS:
                results[name, collar] += errors(recording.spoken, spans, collar)
            rate = der(errors(recording.spoken, spans, COLLARS[0]))
            voices = len({speaker for *_, speaker in spans})
            write_line(f"  seed {seed}: {people} speakers, {name} finds {voices}, DER {rate:.1f} %")
    return audio, took, results


def judged(names: list[str], audio: float, took: dict[Any, float], results: dict[Any, Counter[str]]) -> int:
    """Print the figures; 1 if a bound is missed."""
    for name in names:
        wall, cpu = (audio / took[name, clock] for clock in ("wall", "cpu"))
        write_line(f"{name}: {wall:.1f}x real time over {audio:.0f} s, {cpu:.1f}x per CPU second")
        for collar in COLLARS:
            kinds = results[name, collar]
            parts = ", ".join(f"{part} {100 * kinds[part] / kinds['total']:.2f}" for part in PARTS)
            write_line(f"  DER {der(kinds):.2f} % at collar {collar:g} s, overlap scored ({parts})")
    other, own = names
    ratio, in_cpu = (took[other, clock] / took[own, clock] for clock in ("wall", "cpu"))
    worse = max(der(results[own, collar]) - der(results[other, collar]) for collar in COLLARS)
    write_line(f"ratio {ratio:.2f} (at least {LEAST_SPEEDUP}), {in_cpu:.2f} in CPU seconds")
    write_line(f"DER {worse:+.2f} points (at most {DER_TOLERANCE:+})")
    return 0 if ratio >= LEAST_SPEEDUP and worse <= DER_TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())

"""sherpa-onnx's offline diarization against ours, on the same weights: the measurement behind a decision record.

sherpa-onnx is no dependency; install it into a folder of its own and name that folder on the path:

    pip install --no-deps --target FOLDER sherpa-onnx==2.0.1 sherpa-onnx-core==2.0.1
    PYTHONPATH=.:FOLDER python tests/bench/sherpa_diarization.py [--threads N] [--thresholds 0.5 0.6]
    PYTHONPATH=.:FOLDER python tests/bench/sherpa_diarization.py --memory 10 40 [--averages]

The first form prints error rates and CPU time over the conversations of ``diarization.py`` (``--seeds``) and
``pipeline.py`` (``--minutes``); the engines take turns, file by file. The second prints the peak memory of one process
per recording. ``--averages`` replaces sherpa-onnx's speaker model by the mean of its filter bank: the same number of
voices and the same buffers, for lengths at which the ResNet would take hours. It says nothing about errors.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.memory import SHARED, peak_mb, recording

if TYPE_CHECKING:
    from conversations import Conversation

# What sherpa-onnx's scripts/pyannote/segmentation/export-onnx.py writes into the file, and its C++ reads.
SEGMENTATION = {
    "num_speakers": 3,
    "powerset_max_classes": 2,
    "num_classes": 7,
    "sample_rate": 16_000,
    "window_size": 160_000,
    "receptive_field_size": 991,
    "receptive_field_shift": 270,
}
# As the file is published, no mean is taken away from the filter bank; WeSpeaker's own code does, and so do we.
CENTRED = {"feature_normalize_type": "global-mean"}
SPEAKER_MODELS = ("as published", "centred", "averages")


def described(source: Path, target: Path, metadata: dict[str, Any]) -> None:
    """A copy of an ONNX model with more metadata."""
    import onnx

    model = onnx.load(str(source))
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.save(model, str(target))


def averages(source: Path, target: Path) -> None:
    """A model with the inputs, outputs and metadata of a speaker model, that computes next to nothing."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    real = onnx.load(str(source))
    spread = np.random.default_rng(0).normal(size=(80, 256)).astype(np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["feats"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["mean", "spread"], ["embs"]),
    ]
    constants = [numpy_helper.from_array(spread, "spread")]
    graph = helper.make_graph(nodes, "averages", list(real.graph.input), list(real.graph.output), constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    model.metadata_props.extend(real.metadata_props)
    onnx.save(model, str(target))


def write_weights(folder: Path) -> None:
    """The registry's weights in the forms that sherpa-onnx takes."""
    from mediaindex.models import ensure

    models = ensure(["pyannote-segmentation-3.0-onnx", "wespeaker-resnet34"])
    speaker = models["wespeaker-resnet34"].path
    described(models["pyannote-segmentation-3.0-onnx"].path, folder / "segmentation.onnx", SEGMENTATION)
    described(speaker, folder / "as published.onnx", {})
    described(speaker, folder / "centred.onnx", CENTRED)
    averages(speaker, folder / "averages.onnx")


def sherpa(folder: Path, speaker: str, threshold: float, given: argparse.Namespace) -> Any:
    """Its diarizer over the weights in ``folder``."""
    import sherpa_onnx as library

    segmentation, embedding = str(folder / "segmentation.onnx"), str(folder / f"{speaker}.onnx")
    pyannote = library.OfflineSpeakerSegmentationPyannoteModelConfig(segmentation, given.shift)
    config = library.OfflineSpeakerDiarizationConfig(
        segmentation=library.OfflineSpeakerSegmentationModelConfig(pyannote, num_threads=given.threads),
        embedding=library.SpeakerEmbeddingExtractorConfig(model=embedding, num_threads=given.threads),
        clustering=library.FastClusteringConfig(num_clusters=-1, threshold=threshold),
        min_duration_on=given.shortest,
        min_duration_off=given.gap,
    )
    return library.OfflineSpeakerDiarization(config)


def conversations(given: argparse.Namespace, folder: Path) -> list[Conversation]:
    """With a known answer."""
    import soundfile
    from conversations import Conversation, conversation, utterances

    from tests.bench import pipeline

    files = utterances(SHARED / "data" / "wer")
    made = [conversation(files, 2 + seed % 3, 60.0, seed) for seed in given.seeds]
    for dialogues in pipeline.conversations(folder, given.minutes) if given.minutes else []:
        made += [Conversation(soundfile.read(one.path, dtype="float32")[0], one.speech) for one in dialogues]
    return made


def engines(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Ours, and sherpa-onnx in every form that is asked for; each is used once, so that loading is not counted."""
    import diarization
    from conversations import conversation, utterances

    def hears(diarizer: Any) -> diarization.Diarize:
        return lambda one: [
            (span.start, span.end, str(span.speaker)) for span in diarizer.process(one.samples).sort_by_start_time()
        ]

    made = {"built-in": diarization.shipped(given.threads)}
    for speaker in given.speaker:
        for threshold in given.thresholds:
            made[f"sherpa-onnx, {speaker}, {threshold:g}"] = hears(sherpa(folder, speaker, threshold, given))
    for engine in made.values():
        engine(conversation(utterances(SHARED / "data" / "wer"), 2, 5.0, seed=0))
    return made


def compare(given: argparse.Namespace, folder: Path) -> None:
    """Errors, numbers of speakers and CPU time of every engine over all conversations."""
    import diarization

    write_weights(folder)
    recordings, made, sums = conversations(given, folder), engines(given, folder), Counter[Any]()
    for one in recordings:
        people = len({speaker for *_, speaker in one.spoken})
        for name, hears in made.items():
            wall, cpu = time.perf_counter(), time.process_time()
            heard = hears(one)
            sums[name, "wall"] += time.perf_counter() - wall
            sums[name, "cpu"] += time.process_time() - cpu
            voices = len({speaker for *_, speaker in heard})
            sums[name, "right"] += voices == people
            found = {collar: diarization.errors(one.spoken, heard, collar) for collar in diarization.COLLARS}
            sums.update({(name, collar, kind): s for collar, kinds in found.items() for kind, s in kinds.items()})
            rates = ", ".join(f"{diarization.der(kinds):.1f} %" for kinds in found.values())
            diarization.write_line(f"  {one.duration:.0f} s of {people}: {name} hears {voices}, DER {rates}")
    audio = sum(one.duration for one in recordings)
    diarization.write_line(f"{len(recordings)} conversations, {audio / 60:.1f} min, {given.threads} threads")
    for name in made:
        speed = ", ".join(f"{audio / sums[name, clock]:.1f}x {clock}" for clock in ("cpu", "wall"))
        diarization.write_line(f"{name}: number right in {sums[name, 'right']} of {len(recordings)}, {speed}")
        for collar in diarization.COLLARS:
            kinds = Counter({kind: sums[name, collar, kind] for kind in (*diarization.PARTS, "total")})
            parts = ", ".join(f"{part} {100 * kinds[part] / kinds['total']:.2f}" for part in diarization.PARTS)
            diarization.write_line(f"  DER {diarization.der(kinds):.2f} % at collar {collar:g} s ({parts})")


def alone(given: argparse.Namespace) -> None:
    """One recording in a process of its own: sherpa-onnx takes all samples at once, ours reads block by block."""
    import soundfile

    engine, path, folder = given.alone[0], Path(given.alone[1]), Path(given.alone[2])
    voices = [0]
    began = time.process_time()
    if engine == "ours":
        import diarization

        from mediaindex.stages.audio import Audio
        from mediaindex.timeline import Clock

        audio = Audio(path, soundfile.info(path).duration, Clock())
        speakers = {speaker for *_, speaker in diarization.shipped(given.threads)(audio)}  # type: ignore[arg-type]
    else:
        diarizer = sherpa(folder, engine, given.thresholds[0], given)
        samples, _rate = soundfile.read(path, dtype="float32")
        result = diarizer.process(samples, callback=lambda _done, of: voices.append(of) or 0)
        speakers = {span.speaker for span in result.sort_by_start_time()}
    cpu = time.process_time() - began
    sys.stdout.write(f"{voices[-1]} voices, {len(speakers)} speakers, {cpu:.0f} CPU s\n")


def memory(given: argparse.Namespace, folder: Path) -> None:
    """Peak memory by length."""
    write_weights(folder)
    options = ["--threads", str(given.threads), "--shift", str(given.shift)]
    for minutes in given.memory:
        path = recording(folder, minutes, "flac")
        for engine in ("averages",) if given.averages else ("ours", *given.speaker):
            command = [sys.executable, __file__, "--alone", engine, str(path), str(folder), *options]
            peak, _took = peak_mb(command, folder / "log")
            said = (folder / "log").read_text("utf-8").splitlines()[-1]
            sys.stdout.write(f"{minutes:g} min, {engine}: {peak:.0f} MB, {said}\n")
            sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    parser.add_argument("--minutes", type=float, default=8.0, help="of the pipeline's conversations; 0 for none")
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.5], help="of sherpa-onnx's clustering")
    parser.add_argument("--speaker", nargs="*", default=["as published"], choices=SPEAKER_MODELS, help="its input")
    parser.add_argument("--shift", type=float, default=0.1, help="from window to window, as a share of 10 s")
    parser.add_argument("--shortest", type=float, default=0.3, help="seconds; shorter segments are dropped")
    parser.add_argument("--gap", type=float, default=0.5, help="seconds; shorter gaps of one speaker are closed")
    parser.add_argument("--memory", type=float, nargs="+", help="lengths in minutes")
    parser.add_argument("--averages", action="store_true", help="in place of the speaker model: memory only")
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    if given.alone:
        alone(given)
        return
    with tempfile.TemporaryDirectory(prefix="mediaindex-bench-") as name:
        (memory if given.memory else compare)(given, Path(name))


if __name__ == "__main__":
    main()

"""A pipeline from the documentation of the libraries: silero-vad, pyannote.audio, NeMo's ``transcribe()``.

Of this package it uses only the location of the weights. If a library hard-codes one thread (silero at its import,
pyannote's ONNX embeddings), it is given all cores: the comparison is of pipelines, not of thread settings.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mediaindex.models import locate
from mediaindex.timeline import SpeakerSpan, Word, round_to_ms

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
RATE = 16_000
LONGEST_SEGMENT = 30.0  # s: what NeMo advises for full attention
# config.yaml of pyannote/speaker-diarization-3.1
BATCH = 32
PUBLISHED = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799},
}


@dataclass(slots=True)
class Result:
    """The results for one recording."""

    spans: tuple[SpeakerSpan, ...]
    words: tuple[Word, ...]


@dataclass
class PlainPipeline:
    """The three libraries, loaded; ``took``: seconds of each, summed over all recordings."""

    threads: int
    took: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("vad", "diarization", "recognition"), 0.0))

    def __post_init__(self) -> None:
        import silero_vad
        import torch
        from nemo.collections.asr.models import ASRModel

        self._vad: Any = silero_vad
        self._vad_model = silero_vad.load_silero_vad()
        torch.set_num_threads(self.threads)
        located = locate("stt-en-conformer-ctc-small")
        self._asr: Any = ASRModel.restore_from(str(located.path), map_location="cpu").eval()
        self._diarization = diarization_pipeline(self.threads)

    def __call__(self, path: Path) -> Result:
        """Process a recording, 16 kHz mono."""
        import soundfile
        import torch

        samples, _ = soundfile.read(path, dtype="float32")
        with self._clock("vad"):
            marks = self._vad.get_speech_timestamps(
                torch.from_numpy(samples), self._vad_model, max_speech_duration_s=LONGEST_SEGMENT
            )
        with self._clock("diarization"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            output = self._diarization({"waveform": torch.from_numpy(samples)[None], "sample_rate": RATE})
            spans = _spans(output.speaker_diarization)
            exclusive = _spans(output.exclusive_speaker_diarization)
        with self._clock("recognition"):
            words = self._recognise(samples, joined([(mark["start"], mark["end"]) for mark in marks]), exclusive)
        return Result(tuple(spans), tuple(words))

    def _recognise(self, samples: Any, cuts: list[tuple[int, int]], spans: Sequence[SpeakerSpan]) -> list[Word]:
        """Words of the segments in order, each with the speaker at its middle."""
        if not cuts:
            return []
        parts = [samples[first:last] for first, last in cuts]
        hypotheses = self._asr.transcribe(parts, timestamps=True, num_workers=0, verbose=False)
        words = []
        for (first, _last), hypothesis in zip(cuts, hypotheses, strict=True):
            for stamp in hypothesis.timestamp["word"]:
                start = first / RATE + stamp["start"]
                end = max(first / RATE + stamp["end"], start + 0.001)
                speaker = next((s.speaker for s in spans if s.start <= (start + end) / 2 <= s.end), None)
                words.append(Word(round_to_ms(start), round_to_ms(end), stamp["word"], 0.5, speaker))
        return words

    @contextmanager
    def _clock(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.took[part] += time.perf_counter() - began


def joined(cuts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Segments of speech joined up to 30 s, as in faster-whisper: single segments lose words."""
    segments: list[tuple[int, int]] = []
    for first, last in cuts:
        if segments and last - segments[-1][0] <= LONGEST_SEGMENT * RATE:
            segments[-1] = (segments[-1][0], last)
        else:
            segments.append((first, last))
    return segments


def diarization_pipeline(threads: int) -> Any:
    """pyannote/speaker-diarization-3.1 from local weights, without access to a hub."""
    import onnxruntime
    import torch
    from pyannote.audio import Audio, Inference, Pipeline
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.audio.pipelines.clustering import AgglomerativeClustering
    from pyannote.audio.pipelines.speaker_verification import ONNXWeSpeakerPretrainedSpeakerEmbedding
    from pyannote.pipeline.parameter import ParamDict, Uniform
    from torch.torch_version import TorchVersion

    class Local(SpeakerDiarization):
        def __init__(self) -> None:
            Pipeline.__init__(self)
            with torch.serialization.safe_globals([TorchVersion, Problem, Resolution, Specifications]):
                loaded = torch.load(locate("pyannote-segmentation-3.0").path, map_location="cpu", weights_only=True)
            model = PyanNet(**loaded["hyper_parameters"])
            specifications = loaded["pyannote.audio"]["specifications"]
            model.specifications = specifications
            model.build()
            model.load_state_dict(loaded["state_dict"])
            window = specifications.duration
            self.legacy, self.segmentation_step = False, 0.1
            self._segmentation = Inference(
                model.eval(), duration=window, step=0.1 * window, skip_aggregation=True, batch_size=BATCH
            )
            self.segmentation = ParamDict(min_duration_off=Uniform(0.0, 1.0))
            self._embedding = ONNXWeSpeakerPretrainedSpeakerEmbedding(str(locate("wespeaker-resnet34").path))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            self._embedding.session_ = onnxruntime.InferenceSession(
                self._embedding.embedding, options, providers=["CPUExecutionProvider"]
            )
            self.embedding_batch_size, self.embedding_exclude_overlap = BATCH, True
            self._audio = Audio(sample_rate=RATE, mono="downmix")
            self.klustering = "AgglomerativeClustering"
            self.clustering = AgglomerativeClustering(metric=self._embedding.metric)
            self._expects_num_speakers = False
            self.der_variant = {"collar": 0.0, "skip_overlap": False}

    return Local().instantiate(PUBLISHED)


def _spans(annotation: Any) -> list[SpeakerSpan]:
    spans = [
        SpeakerSpan(round_to_ms(max(0.0, segment.start)), round_to_ms(segment.end), str(label))
        for segment, _track, label in annotation.itertracks(yield_label=True)
        if segment.duration >= 0.001
    ]
    return sorted(spans, key=lambda span: span.start)

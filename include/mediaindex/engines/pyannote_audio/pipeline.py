"""The speaker diarization pipeline of pyannote, built from local files; slow to import, so imported at first use.

pyannote 4 builds its pipeline from names on the hub, requires PLDA weights even if the clustering does not use them,
and unpickles checkpoints without restriction. Here the same parts are built explicitly: the segmentation checkpoint is
read with ``weights_only`` (no code in it can run), the hub is not contacted, and no telemetry is sent. Checkpoints of
community-1 are read in the same way.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mediaindex.errors import ConfigError

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # before the import, which reads it


@contextmanager
def _without_nemo() -> Iterator[None]:
    # speaker_verification of pyannote imports NeMo if it is installed (12-22 s), for embeddings that are not used here.
    if "nemo" in sys.modules:
        yield
        return
    sys.modules["nemo"] = None  # type: ignore[assignment]  # documented: None makes the import fail
    try:
        yield
    finally:
        del sys.modules["nemo"]


with _without_nemo():
    import numpy as np
    import torch
    import yaml
    from pyannote.audio import Audio, Inference, Pipeline
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.audio.pipelines.clustering import AgglomerativeClustering
    from pyannote.pipeline.parameter import ParamDict, Uniform
    from torch.torch_version import TorchVersion

    from .wespeaker import WeSpeakerEmbedding

if TYPE_CHECKING:
    from pathlib import Path

    from mediaindex.settings import Device

# Published with pyannote/speaker-diarization-3.1: clusters of at least 12, for a step of a tenth of the window.
PUBLISHED_STEP = 0.1
PUBLISHED_CLUSTER_SIZE = 12

# What the description of community-1 may hold: pyannote.audio imports and calls what it names.
COMMUNITY_PIPELINES = frozenset({"pyannote.audio.pipelines.SpeakerDiarization"})
COMMUNITY_KEYS = frozenset({"version", "dependencies", "pipeline", "params"})
FORCE_WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"

# The largest number of clustered embeddings: more do not improve the clusters, and agglomeration is quadratic.
TRAINING_EMBEDDINGS = 6_000


class BoundedClustering(AgglomerativeClustering):
    """Agglomerative clustering with memory that does not grow with the square of the length of the recording.

    Clusters are made from at most ``TRAINING_EMBEDDINGS`` embeddings, spread evenly; every other embedding is assigned
    to the nearest cluster, as short ones always are.
    """

    def filter_embeddings(
        self, embeddings: np.ndarray, *args: Any, **kwargs: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The embeddings (n, dimension) to cluster, with the window (n,) and the speaker (n,) of each."""
        kept, windows, speakers = super().filter_embeddings(embeddings, *args, **kwargs)
        if len(kept) <= TRAINING_EMBEDDINGS:
            return kept, windows, speakers
        chosen = np.linspace(0, len(kept) - 1, TRAINING_EMBEDDINGS).round().astype(int)
        return kept[chosen], windows[chosen], speakers[chosen]


class LocalDiarization(SpeakerDiarization):
    """``SpeakerDiarization`` without hub and PLDA: the parts that its ``__init__`` creates, from explicit files."""

    def __init__(self, segmentation: Path, embedding: Path, *, step: float, threads: int) -> None:
        Pipeline.__init__(self)  # type: ignore[no-untyped-call]
        model, specifications = load_segmentation(segmentation)
        self.legacy = False
        self.segmentation_step = step
        self._segmentation = Inference(
            model,
            duration=specifications.duration,
            step=step * specifications.duration,
            skip_aggregation=True,
            batch_size=8,
        )
        self.segmentation = ParamDict(min_duration_off=Uniform(0.0, 1.0))
        self._embedding = WeSpeakerEmbedding(embedding, threads)
        # One call per window with all its speakers, so that its filter bank is computed once.
        self.embedding_batch_size = len(specifications.classes or ())
        self.embedding_exclude_overlap = True
        self._audio = Audio(sample_rate=self._embedding.sample_rate, mono="downmix")
        self.klustering = "AgglomerativeClustering"
        self.clustering = BoundedClustering(metric=self._embedding.metric)
        self._expects_num_speakers = False
        self.der_variant = {"collar": 0.0, "skip_overlap": False}


def load_segmentation(path: Path) -> tuple[PyanNet, Specifications]:
    """The segmentation model of a pyannote checkpoint and its specifications, read as plain data.

    Raises pickle.UnpicklingError if the file holds anything but tensors, numbers and the four classes below.
    """
    with torch.serialization.safe_globals([TorchVersion, Problem, Resolution, Specifications]):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = PyanNet(**checkpoint["hyper_parameters"])
    specifications: Specifications = checkpoint["pyannote.audio"]["specifications"]
    model.specifications = specifications
    model.build()  # type: ignore[no-untyped-call]
    model.load_state_dict(checkpoint["state_dict"])
    return model.eval(), specifications


def build(segmentation: Path, embedding: Path, *, step: float, threshold: float, threads: int) -> LocalDiarization:
    """The pipeline, to be called with ``{"waveform", "sample_rate"}``."""
    pipeline = LocalDiarization(segmentation, embedding, step=step, threads=threads)
    # With fewer windows per minute, clusters of the same speaker are smaller.
    size = max(1, round(PUBLISHED_CLUSTER_SIZE * PUBLISHED_STEP / step))
    return pipeline.instantiate(  # type: ignore[no-any-return]
        {
            "segmentation": {"min_duration_off": 0.0},
            "clustering": {"method": "centroid", "min_cluster_size": size, "threshold": threshold},
        }
    )


def community(directory: Path, device: Device) -> Pipeline:
    """The pipeline that ``config.yaml`` in ``directory`` describes.

    Its checkpoints are read as plain data. Raises ConfigError if there is no pipeline, if it is another than that of
    community-1, or if a checkpoint holds anything but data.
    """
    check_description(directory)
    try:
        with _plain_data():
            pipeline = Pipeline.from_pretrained(directory)
    except pickle.UnpicklingError as error:
        raise ConfigError(
            f"{directory}: a checkpoint holds more than data ({error}); copy the repository again"
        ) from error
    if pipeline is None:
        raise ConfigError(f"{directory}: not a pipeline of pyannote.audio; copy the whole repository there")
    return pipeline.to(torch.device(device))


def check_description(directory: Path) -> None:
    """Raise ConfigError unless ``config.yaml`` names the pipeline below and files of this directory.

    pyannote.audio calls whatever the file names, with the arguments that it gives, and downloads other names.
    """
    try:
        described = yaml.safe_load((directory / "config.yaml").read_text("utf-8"))
        name, params = described["pipeline"]["name"], described["pipeline"].get("params", {})
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{directory}: not a pipeline of pyannote.audio; copy the whole repository there ({error})"
        ) from error
    foreign = {key for key in described if key not in COMMUNITY_KEYS}
    outside = [text for text in _texts(params) if "/" in text and (not text.startswith("$model/") or ".." in text)]
    if name not in COMMUNITY_PIPELINES or foreign or outside:
        raise ConfigError(
            f"{directory / 'config.yaml'}: names {', '.join([str(name), *sorted(foreign), *outside])}; only "
            "speaker-diarization-community-1 is supported, copy that repository"
        )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


@contextmanager
def _plain_data() -> Iterator[None]:
    # pyannote.audio asks for unrestricted unpickling; torch lets the environment overrule its callers.
    before = os.environ.get(FORCE_WEIGHTS_ONLY)
    os.environ[FORCE_WEIGHTS_ONLY] = "1"
    try:
        with torch.serialization.safe_globals([TorchVersion, Problem, Resolution, Specifications]):
            yield
    finally:
        if before is None:
            del os.environ[FORCE_WEIGHTS_ONLY]
        else:
            os.environ[FORCE_WEIGHTS_ONLY] = before

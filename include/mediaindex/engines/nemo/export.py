"""From a NeMo CTC checkpoint to ONNX, once: NeMo itself exports, in a child process that takes its memory with it.

What recognition needs beside the graph stands in ``export.json``: the vocabulary and the frame clock.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tarfile
import tempfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from mediaindex.errors import ConfigError, ErrorCode, TerminalError
from mediaindex.models.files import exclusive
from mediaindex.settings import ModelSettings, Precision

from .rounded_feed_forward import balance_channels, round_feed_forward
from .unpadded import without_padding

GRAPH = "model.onnx"
FACTS = "export.json"
REVISION = 5  # of this export; what an earlier one left is not used any more

_TIMEOUT_S = 1800  # the largest models take minutes; nothing may hang a task for ever
# The mel front end that runs without NeMo has these numbers built in; NeMo's other defaults are the same.
_FRONT_END = {"sample_rate": 16_000, "normalize": "per_feature", "window": "hann", "n_fft": 512, "preemph": 0.97}
_WINDOW_SECONDS = 0.025
_HOP_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported model: ``vocabulary`` without the blank, which is the last class."""

    graph: Path
    vocabulary: tuple[str, ...]
    features: int
    subsampling: int

    @property
    def key(self) -> str:
        """Names this export: weights, NeMo's version, how it was exported and in which numbers it computes."""
        return self.graph.parent.name

    @property
    def frame_seconds(self) -> float:
        """Seconds of audio that one output frame stands for."""
        return _HOP_SECONDS * self.subsampling


def nemo_version() -> str:
    """Version of the installed NeMo, without importing it."""
    return importlib.metadata.version("nemo_toolkit")


def exported(weights: Path, sha256: str, precision: Precision) -> Exported:
    """The export of these weights, made on first use and kept by their hash; several processes may ask at once."""
    target = ModelSettings.read().cache / "onnx" / f"{sha256}-{nemo_version()}-{REVISION}-{precision}"
    if not target.is_dir():
        with exclusive(target):
            if not target.is_dir():
                _export(weights, target, precision)
    facts = json.loads((target / FACTS).read_text("utf-8"))
    return Exported(target / GRAPH, tuple(facts["vocabulary"]), facts["features"], facts["subsampling"])


def _export(weights: Path, target: Path, precision: Precision) -> None:
    """Export beside the target and rename: a half-written export is never taken for a whole one."""
    _check_archive(weights)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as name:
        work = Path(name) / "onnx"
        work.mkdir()
        arguments = [sys.executable, "-m", "mediaindex.engines.nemo.export", str(weights), str(work), precision]
        done = subprocess.run(
            arguments, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-15:])
            raise TerminalError(
                f"{weights}: NeMo {nemo_version()} could not export it (is it a CTC checkpoint?):\n{tail}",
                code=ErrorCode.EXPORT_FAILED,
            )
        work.rename(target)


def _check_archive(weights: Path) -> None:
    """What is no archive, or broke off on its way here, is told at once: NeMo takes half a minute, and says less."""
    try:
        with tarfile.open(weights) as archive:
            archive.getmembers()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise TerminalError(
            f"{weights}: could not export it: this is no whole NeMo checkpoint, which is a tar archive ({error}); "
            "copy or download it again",
            code=ErrorCode.EXPORT_FAILED,
        ) from error


def export_here(weights: Path, out: Path, precision: Precision) -> None:
    """Import NeMo in this process, restore the checkpoint, write graph and facts to the directory ``out``."""
    from nemo.collections.asr.models import ASRModel

    model = ASRModel.restore_from(str(weights), map_location="cpu")
    model.eval()
    facts = _facts(weights, model)
    without_padding(model)
    if precision == "int8":
        from .rounded_subsampling import round_subsampling  # imports torch, which `exported` does without

        balance_channels(model)
        round_subsampling(model)
    model.export(str(out / GRAPH))
    if precision == "int8":
        round_feed_forward(out / GRAPH)
    (out / FACTS).write_text(json.dumps(asdict(facts) | {"graph": GRAPH}, ensure_ascii=False), "utf-8")


def _facts(weights: Path, model: Any) -> Exported:
    front = model.cfg.preprocessor
    differing = {key: front[key] for key, value in _FRONT_END.items() if key in front and front[key] != value}
    if front.window_size != _WINDOW_SECONDS or front.window_stride != _HOP_SECONDS or front.features not in {80, 128}:
        differing |= {key: front[key] for key in ("window_size", "window_stride", "features")}
    if differing:
        raise ConfigError(f"{weights}: its mel front end differs from the one recognition uses: {differing}")
    if not hasattr(model.decoder, "vocabulary") or not hasattr(model.encoder, "subsampling_factor"):
        raise ConfigError(f"{weights}: {type(model).__name__} is not a Conformer with a CTC decoder")
    vocabulary = tuple(str(piece) for piece in model.decoder.vocabulary)
    return Exported(Path(GRAPH), vocabulary, int(front.features), int(model.encoder.subsampling_factor))


if __name__ == "__main__":
    export_here(Path(sys.argv[1]), Path(sys.argv[2]), cast("Precision", sys.argv[3]))

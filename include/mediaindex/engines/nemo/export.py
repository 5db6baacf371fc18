"""Exports a NeMo CTC checkpoint to ONNX, once, by NeMo in a child process, whose memory is freed with it.

``export.json`` beside the graph holds the vocabulary, the number of mel bands and the subsampling factor.
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
from mediaindex.models.files import child_environment, exclusive
from mediaindex.settings import ModelSettings, Precision

from .rounded_feed_forward import balance_channels, round_feed_forward
from .unpadded import without_padding

GRAPH = "model.onnx"
FACTS = "export.json"
REVISION = 5  # of the export format; exports of earlier revisions are not used

_TIMEOUT_S = 1800  # the largest models take minutes; a task must not hang forever
# nemo_mel.py implements these values; the other settings have the defaults of NeMo.
_FRONT_END = {"sample_rate": 16_000, "normalize": "per_feature", "window": "hann", "n_fft": 512, "preemph": 0.97}
_WINDOW_SECONDS = 0.025
_HOP_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported model; ``vocabulary`` does not contain the blank, which is the last class."""

    graph: Path
    vocabulary: tuple[str, ...]
    features: int
    subsampling: int

    @property
    def key(self) -> str:
        """Identifies the export: weights, version of NeMo, revision of the export and precision."""
        return self.graph.parent.name

    @property
    def frame_seconds(self) -> float:
        """Seconds of audio that one output frame stands for."""
        return _HOP_SECONDS * self.subsampling


def nemo_version() -> str:
    """The version of the installed NeMo, without importing it."""
    return importlib.metadata.version("nemo_toolkit")


def exported(weights: Path, sha256: str, precision: Precision) -> Exported:
    """The export of these weights, made on first use and cached by their hash; safe in several processes at once.

    Raises TerminalError (``export_failed``) if the file is not a whole checkpoint or NeMo cannot export it.
    """
    target = ModelSettings.read().cache / "onnx" / f"{sha256}-{nemo_version()}-{REVISION}-{precision}"
    if not target.is_dir():
        with exclusive(target):
            if not target.is_dir():
                _export(weights, target, precision)
    facts = json.loads((target / FACTS).read_text("utf-8"))
    return Exported(target / GRAPH, tuple(facts["vocabulary"]), facts["features"], facts["subsampling"])


def _export(weights: Path, target: Path, precision: Precision) -> None:
    """Export beside the target, then rename, so that an incomplete export is never used."""
    _check_archive(weights)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as name:
        work = Path(name) / "onnx"
        work.mkdir()
        arguments = [sys.executable, "-m", "mediaindex.engines.nemo.export", str(weights), str(work), precision]
        done = subprocess.run(
            arguments, env=child_environment(), capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S,
            check=False,
        )  # fmt: skip
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-15:])
            raise TerminalError(
                f"{weights}: NeMo {nemo_version()} cannot export this file; check that it is a CTC checkpoint:\n{tail}",
                code=ErrorCode.EXPORT_FAILED,
            )
        work.rename(target)


def _check_archive(weights: Path) -> None:
    """Raise TerminalError for a truncated file or another format; NeMo would take half a minute and say less."""
    try:
        with tarfile.open(weights) as archive:
            archive.getmembers()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise TerminalError(
            f"{weights}: not a complete NeMo checkpoint, which is a tar archive ({error}); copy or download it again",
            code=ErrorCode.EXPORT_FAILED,
        ) from error


def export_here(weights: Path, out: Path, precision: Precision) -> None:
    """Import NeMo in this process, restore the checkpoint, and write the graph and ``export.json`` to ``out``.

    Raises ConfigError if the model is not a Conformer with a CTC decoder, or has another mel front end.
    """
    from nemo.collections.asr.models import ASRModel

    model = ASRModel.restore_from(str(weights), map_location="cpu")
    model.eval()
    facts = _facts(weights, model)
    without_padding(model)
    if precision == "int8":
        from .rounded_subsampling import round_subsampling  # imports torch, which `exported` does not need

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
        raise ConfigError(
            f"{weights}: the mel front end of this model is not supported ({differing}); "
            "use a model with the defaults of NeMo"
        )
    if not hasattr(model.decoder, "vocabulary") or not hasattr(model.encoder, "subsampling_factor"):
        raise ConfigError(
            f"{weights}: {type(model).__name__} is not a Conformer with a CTC decoder; use a CTC checkpoint"
        )
    vocabulary = tuple(str(piece) for piece in model.decoder.vocabulary)
    return Exported(Path(GRAPH), vocabulary, int(front.features), int(model.encoder.subsampling_factor))


if __name__ == "__main__":
    export_here(Path(sys.argv[1]), Path(sys.argv[2]), cast("Precision", sys.argv[3]))

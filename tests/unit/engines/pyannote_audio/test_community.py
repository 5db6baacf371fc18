"""A copy of community-1 runs no code of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from mediaindex.engines.pyannote_audio.pipeline import check_description, community
from mediaindex.errors import ConfigError

DESCRIPTION: dict[str, Any] = {
    "version": "4.0.0",
    "dependencies": {"pyannote.audio": "4.0.0"},
    "pipeline": {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            "clustering": "VBxClustering",
            "segmentation": "$model/segmentation",
            "embedding": "$model/embedding",
            "plda": "$model/plda",
        },
    },
    "params": {"clustering": {"threshold": 0.6}},
}


def describe(folder: Path, **pipeline: Any) -> Path:
    content = DESCRIPTION | {"pipeline": DESCRIPTION["pipeline"] | pipeline}
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    return folder


class Intruder:
    """Creates a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def test_a_checkpoint_that_holds_code_is_refused_before_it_runs(tmp_path: Path) -> None:
    describe(tmp_path)
    (tmp_path / "segmentation").mkdir()
    checkpoint = {"state_dict": {}, "pyannote.audio": Intruder(tmp_path / "ran")}
    torch.save(checkpoint, tmp_path / "segmentation" / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="more than data"):
        community(tmp_path, "cpu")
    assert not (tmp_path / "ran").exists()
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ


@pytest.mark.parametrize(
    "pipeline",
    [
        {"name": "os.system"},
        {"params": {"segmentation": "somebody/elses-model"}},
        {"params": {"embedding": {"checkpoint": "$model/../../elsewhere"}}},
    ],
    ids=["another callable", "a name on the hub", "a file outside"],
)
def test_a_description_of_something_else_is_refused(tmp_path: Path, pipeline: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        check_description(describe(tmp_path, **pipeline))


def test_preprocessors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(DESCRIPTION | {"preprocessors": {"audio": "os.system"}}))
    with pytest.raises(ConfigError, match="preprocessors"):
        check_description(tmp_path)


def test_the_published_description_is_accepted(tmp_path: Path) -> None:
    check_description(describe(tmp_path))

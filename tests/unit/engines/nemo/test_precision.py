from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.engines.nemo.precision import precision
from mediaindex.errors import ConfigError
from mediaindex.models import LocatedModel


def test_feed_forwards_are_int8_unless_somebody_wants_them_as_trained() -> None:
    assert precision({}) == precision({"MEDIAINDEX_PRECISION": " INT8 "}) == "int8"
    assert precision({"MEDIAINDEX_PRECISION": "float32"}) == "float32"


def test_another_precision_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match="'int4'; write int8 or float32"):
        precision({"MEDIAINDEX_PRECISION": "int4"})


def test_what_was_recognised_in_one_precision_is_never_taken_for_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    located = LocatedModel("tiny", tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",))
    rounded = conformer_ctc.load(located).identity
    monkeypatch.setenv("MEDIAINDEX_PRECISION", "float32")
    assert conformer_ctc.load(located).identity != rounded

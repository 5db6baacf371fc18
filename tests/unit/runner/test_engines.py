from __future__ import annotations

import weakref

import numpy as np
import pytest

from mediaindex.models import try_locate
from mediaindex.runner.engines import Engines


@pytest.mark.models
def test_models_that_hear_are_let_go_and_loaded_again_where_somebody_needs_them() -> None:
    if try_locate("whisper-base") is None:
        pytest.skip("model whisper-base is not on this machine: `mediaindex models fetch whisper-base`")
    engines, second = Engines(), np.zeros(16_000, np.float32)
    engines.identifier.probabilities(second)
    weights = weakref.ref(engines.identifier._whisper.model)  # type: ignore[attr-defined]
    assert weights() is not None
    engines.keep({"detector"})
    assert weights() is None
    assert engines.identifier.probabilities(second)

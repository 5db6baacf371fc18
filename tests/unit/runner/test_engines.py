from __future__ import annotations

import weakref

import numpy as np
import pytest

from mediaindex.contract.pipeline import STAGES
from mediaindex.models import try_locate
from mediaindex.runner.bindings import BINDINGS
from mediaindex.runner.engines import Engines

CONFORMER, WHISPER = "stt-en-conformer-ctc-small", "whisper-base"
SECOND = np.random.default_rng(0).normal(0.0, 0.01, 16_000).astype(np.float32)

pytestmark = pytest.mark.usefixtures("conformer")


def needs(name: str) -> None:
    if try_locate(name) is None:
        pytest.skip(f"model {name} is not on this machine: `mediaindex models list` says where to get it")


@pytest.mark.models
def test_a_released_engine_is_freed_and_loaded_again_on_use() -> None:
    needs(WHISPER)
    engines = Engines([CONFORMER])
    engines.identifier.probabilities(SECOND)
    weights = weakref.ref(engines.identifier._whisper.model)  # type: ignore[attr-defined]
    assert weights() is not None
    engines.keep({"detector", "recognisers"})
    assert weights() is None
    assert engines.identifier.probabilities(SECOND)


@pytest.mark.models
def test_a_recogniser_with_worker_threads_is_freed() -> None:
    needs(CONFORMER)
    engines = Engines([CONFORMER])
    (recogniser,) = engines.raw_recognisers
    recogniser.recognise([SECOND, SECOND], "en")
    weights = weakref.ref(recogniser._model.get().session)  # type: ignore[attr-defined]
    del recogniser
    assert weights() is not None
    engines.keep(())
    assert weights() is None


@pytest.mark.models
def test_a_model_stays_for_the_recogniser_that_shares_it() -> None:
    needs(WHISPER)
    engines = Engines([WHISPER])
    engines.identifier.probabilities(SECOND)
    weights = weakref.ref(engines.identifier._whisper.model)  # type: ignore[attr-defined]
    engines.keep(BINDINGS["transcribe"].engines)
    assert weights() is not None
    assert engines.raw_recognisers[0]._whisper.model is weights()  # type: ignore[attr-defined]


@pytest.mark.parametrize("stage", STAGES)
def test_every_engine_of_a_stage_exists(stage: str) -> None:
    assert all(hasattr(Engines, name) for name in BINDINGS[stage].engines)

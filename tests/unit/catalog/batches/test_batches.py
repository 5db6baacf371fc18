from __future__ import annotations

from mediaindex.catalog.batches.batches import PASSED_BEFORE
from mediaindex.runner.bindings import BINDINGS


def test_the_catalog_waits_for_what_each_stage_reads() -> None:
    assert {name: set(PASSED_BEFORE[name]) for name in BINDINGS} == {
        name: set(binding.reads) for name, binding in BINDINGS.items()
    }

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.catalog.batches.lengths import estimated_seconds
from mediaindex.catalog.batches.planning import Unplanned, groups

OBJECTS = st.lists(
    st.tuples(st.integers(), st.sampled_from(["a.wav", "b.mp3", "c.mp4", "d"]), st.integers(0, 40_000_000)).map(
        lambda row: Unplanned(*row)
    ),
    max_size=60,
)


@given(OBJECTS, st.integers(1, 10))
def test_each_object_is_in_exactly_one_group(objects: list[Unplanned], max_items: int) -> None:
    planned = [one for group in groups(objects, 300.0, max_items) for one in group]
    assert sorted(planned) == sorted(objects)


@given(OBJECTS, st.integers(1, 10))
def test_no_group_is_too_long_unless_it_is_one_recording(objects: list[Unplanned], max_items: int) -> None:
    for group in groups(objects, 300.0, max_items):
        length = sum(estimated_seconds(one.key, one.size) for one in group)
        assert 1 <= len(group) <= max_items
        assert len(group) == 1 or length <= 300.0 + 1e-6


def test_small_objects_share_a_group() -> None:
    clips = [Unplanned(n, "a.wav", 64_000) for n in range(10)]
    assert list(groups(clips, 300.0, 50)) == [clips]


@pytest.mark.parametrize(
    ("key", "seconds"), [("x/A.WAV", 10.0), ("a.mp3", 640_000 / 12_000), ("no-suffix", 640_000 / 12_000)]
)
def test_length_is_estimated_by_file_type(key: str, seconds: float) -> None:
    assert estimated_seconds(key, 640_000) == pytest.approx(seconds)

from __future__ import annotations

from mediaindex.cli.index import _free


def test_no_transcript_takes_anothers_name() -> None:
    taken: set[str] = set()
    for stem in ("a", "a", "a-2", "a"):
        name = _free(stem, taken)
        assert name not in taken
        taken.add(name)
    assert taken == {"a", "a-2", "a-2-2", "a-3"}

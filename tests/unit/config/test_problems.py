from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.config import sources
from mediaindex.errors import ConfigError

HEAD = "sources:\n  - name: calls\n    bucket: my-calls\n"


def complaint(tmp_path: Path, text: str) -> str:
    path = tmp_path / "sources.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        sources.load(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "    prefx: in/\n", "line 4: sources[0].prefx: there is no such field; write 'prefix'"),
        (HEAD + "    listing:\n      ordr: keys\n", "line 5: sources[0].listing.ordr: there is no such field; write"),
        (HEAD + "    listing: {order: time}\n", "line 4: sources[0].listing.order: is 'time'; write 'any' or 'keys'"),
        (HEAD + "  - name: b\n", "line 4: sources[1].bucket: is missing; add 'bucket: …'"),
        (HEAD + "    languages: en\n", "line 4: sources[0].languages: is 'en'; write a list, like [en, de]"),
        (HEAD + "    schedule: hourly\n", "line 4: sources[0].schedule: not a schedule; write five cron fields"),
        (HEAD + "    bucket: twice\n", "line 4: 'bucket' stands there a second time; keep one"),
        (HEAD + "    archive:\n", "line 4: sources[0].archive: is empty; write fields below it"),
        (
            "sauces: []\n",
            "line 1: sources: is missing; add 'sources: …'; line 1: sauces: there is no such field; write",
        ),
        ("- a\n", "line 1: the file: is ['a']; write fields below it"),
    ],
)
def test_an_error_names_line_field_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    assert told in complaint(tmp_path, text)


def test_problems_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = complaint(tmp_path, HEAD + "    speakers: two\n    lane: fast\n    batch_items: 0\n")
    assert [text.index(f"line {number}:") for number in (4, 5, 6)] == sorted(
        text.index(f"line {number}:") for number in (4, 5, 6)
    )

from __future__ import annotations

from mediaindex.config import document


def test_a_fault_is_at_the_innermost_part_in_the_file() -> None:
    written = document.read(b"a:\n  - b: 1\n    c: 2\n")
    assert str(written.fault(("a", 0, "c"), "wrong; write 3")) == "3: a[0].c: wrong; write 3"
    assert (written.fault(("a", 0, "d"), "").line, written.fault(("a", 1), "").line) == (2, 1)


def test_a_repeated_key_is_a_fault_at_any_depth() -> None:
    faults = document.read(b"a:\n  - b: 1\n    c: 2\n    b: 3\na: 4\n").faults
    assert [(fault.line, fault.field) for fault in sorted(faults)] == [(4, "a[0].b"), (5, "a")]


def test_merged_keys_may_be_overridden() -> None:
    written = document.read(b"a: &all {x: 1, y: 2}\nb:\n  <<: *all\n  x: 3\n")
    assert (written.content["b"], written.faults) == ({"x": 3, "y": 2}, ())


def test_an_impossible_date_stays_text() -> None:
    assert document.read(b"since: 2026-02-30\n").content == {"since": "2026-02-30"}


def test_recursive_aliases_are_read_once() -> None:
    assert document.read(b"a: &a\n  - *a\n").faults == ()


def test_other_encodings_are_reported_with_the_line() -> None:
    (fault,) = document.read(b"a: 1\nb: \xff\n").faults
    assert str(fault) == "2: the file: is not UTF-8; save the file as UTF-8"


def test_a_control_character_is_a_fault() -> None:
    (fault,) = document.read(b"a: \x00\n").faults
    assert "not YAML" in fault.message

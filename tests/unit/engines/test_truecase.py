from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediaindex.engines import truecase


def statistics(**changes: object) -> dict[str, object]:
    return {
        "uni_dist": Counter(
            {"London": 50, "LONDON": 3, "bill": 60, "Bill": 40, "I": 99, "and": 90, "NATO": 9, "gates": 5}
        ),
        "backward_bi_dist": Counter({"and_Bill": 400, "the_bill": 400}),
        "forward_bi_dist": Counter({"Bill_gates": 900, "bill_gates": 1}),
        "trigram_dist": Counter(),
        "word_casing_lookup": {
            "london": {"London", "LONDON"},
            "bill": {"bill", "Bill"},
            "i": {"I"},
            "and": {"and"},
            "nato": {"NATO"},
            "gates": {"gates"},
        },
    } | changes


@pytest.fixture
def restorer(tmp_path: Path) -> truecase.TruecaseRestorer:
    path = tmp_path / "english.dist"
    pickled = pickle.dumps(statistics(), protocol=3)
    # The real file names NLTK's counter.
    path.write_bytes(pickled.replace(b"ccollections\nCounter\n", b"cnltk.probability\nFreqDist\n"))
    return truecase.load(path, identity="test")


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("and london", "And London"),
        ("and i'm in london", "And I'm in London"),
        ("nato's", "NATO's"),
        ("and bill gates", "And Bill gates"),
        ("pay the bill", "Pay the bill"),
        ("well. and", "Well. And"),
        ("o'clock don't", "O'clock don't"),
    ],
)
def test_case_follows_the_statistics_and_the_neighbours(restorer, spoken, written):
    assert restorer.restore(spoken) == written


def test_a_word_with_capitals_is_left_as_it_is(restorer):
    assert restorer.restore("and LONDON iPhone") == "And LONDON iPhone"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text("abilondn'. {}", max_size=30) | st.text(max_size=30))
def test_nothing_but_case_changes(restorer, text):
    restored = restorer.restore(text)
    assert len(restored) == len(text)
    assert restored.casefold() == text.casefold()


def test_statistics_that_would_run_code_are_refused(tmp_path):
    path = tmp_path / "english.dist"
    path.write_bytes(pickle.dumps(statistics(uni_dist=Path("x"))))
    with pytest.raises(pickle.UnpicklingError, match="pathlib"):
        truecase.load(path, identity="test").restore("london")

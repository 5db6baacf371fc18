from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediaindex.engines.text import truecase
from mediaindex.errors import TerminalError
from mediaindex.models import LocatedModel


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


def located(folder: Path, **changes: object) -> LocatedModel:
    path = folder / "english.dist"
    pickled = pickle.dumps(statistics(**changes), protocol=3)
    # The real file contains the counter of NLTK.
    path.write_bytes(pickled.replace(b"ccollections\nCounter\n", b"cnltk.probability\nFreqDist\n"))
    return LocatedModel("truecase-english", path, "local", "0" * 64, "Apache-2.0")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def restorer(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> truecase.TruecaseRestorer:
    restorer = truecase.load(located(tmp_path_factory.mktemp("models")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDIAINDEX_CACHE", str(cache))
        restorer.restore("london")
    return restorer


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


def test_a_word_with_capitals_is_not_changed(restorer):
    assert restorer.restore("and LONDON iPhone") == "And LONDON iPhone"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(st.text("abilondn'. {}", max_size=30) | st.text(max_size=30))
def test_only_case_changes(restorer, text):
    restored = restorer.restore(text)
    assert len(restored) == len(text)
    assert restored.casefold() == text.casefold()


def test_statistics_with_code_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tmp_path / "cache"))
    with pytest.raises(TerminalError, match=r"(?s)unreadable case statistics.*may not contain pathlib"):
        truecase.load(located(tmp_path, uni_dist=Path("x"))).restore("london")
    assert not list((tmp_path / "cache" / "case").glob("*.sqlite"))


def test_statistics_are_converted_once(restorer, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(cache))
    again = truecase.load(replace(restorer.located, path=tmp_path / "gone"))
    assert again.restore("and london") == "And London"


def test_the_identity_names_the_weights_and_reads_nothing(tmp_path):
    gone = LocatedModel("truecase-english", tmp_path / "gone", "local", "ab" * 32, "Apache-2.0")
    assert truecase.load(gone).identity == f"truecase method 2 sha256:{'ab' * 32}"


@pytest.mark.models
def test_names_in_lower_case_get_capitals(model):
    real = truecase.load(model("truecase-english"))
    assert real.restore("i think that barack obama and mister vasquez went to aleppo by bus. the podcast i'm in") == (
        "I think that Barack Obama and Mister Vasquez went to Aleppo by bus. The podcast I'm in"
    )

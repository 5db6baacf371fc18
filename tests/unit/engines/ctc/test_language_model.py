from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from mediaindex.engines.ctc.language_model import LanguageModel, Weights, configured
from mediaindex.errors import ConfigError
from tests.builders.arpa import bigrams

TEXT = ["the garden of the house", "the garden of the king", "a guard of the king"]


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "small.arpa"
    path.write_text(bigrams(TEXT), "utf-8")
    return path


def added(model: LanguageModel, *words: str) -> float:
    """The score that the last of these words adds."""
    state, score = model.start(), 0.0
    for word in words:
        state, score = model.score(state, word)
    return score


def test_a_word_scores_its_probability_after_the_previous_word(arpa: Path) -> None:
    model = LanguageModel(arpa, Weights(weight=1.0, bonus=0.0))
    lines = dict(line.split("\t")[:2][::-1] for line in arpa.read_text("utf-8").splitlines() if "\t" in line)
    assert added(model, "the", "garden") == pytest.approx(float(lines["the garden"]) * math.log(10), abs=1e-3)


def test_the_weight_multiplies_and_the_bonus_is_added(arpa: Path) -> None:
    plain, other = LanguageModel(arpa, Weights(1.0, 0.0)), LanguageModel(arpa, Weights(0.5, 2.0))
    assert added(other, "the", "king") == pytest.approx(added(plain, "the", "king") / 2 + 2.0, abs=1e-5)


def test_case_does_not_matter(tmp_path: Path, arpa: Path) -> None:
    loud = tmp_path / "loud.arpa"
    loud.write_text(bigrams([line.upper() for line in TEXT]), "utf-8")
    assert added(LanguageModel(loud), "the", "king") == pytest.approx(added(LanguageModel(arpa), "The", "King"))


def test_an_unknown_word_is_rarer_than_known_words_and_than_shorter_ones(arpa: Path) -> None:
    model = LanguageModel(arpa)
    known = min(added(model, word) for line in TEXT for word in line.split())
    assert known >= added(model, "zau") > added(model, "zarathustra")


def test_the_identity_changes_with_the_file_and_each_weight(arpa: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.arpa"
    other.write_text(bigrams(TEXT[:1]), "utf-8")
    models = [
        LanguageModel(arpa),
        LanguageModel(other),
        LanguageModel(arpa, Weights(weight=0.4)),
        LanguageModel(arpa, Weights(bonus=0.4)),
        LanguageModel(arpa, Weights(beam=4)),
    ]
    assert len({model.identity for model in models}) == 5


def test_no_language_model_is_used_unless_named(arpa: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_LANGUAGE_MODEL", raising=False)
    assert configured() is None
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL", str(arpa))
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL_WEIGHT", "0.7")
    model = configured()
    assert model is not None
    assert (model.path, model.weights) == (arpa, Weights(weight=0.7))


@pytest.mark.parametrize("value", ["much", "-1"])
def test_an_invalid_weight_is_a_config_error(arpa: Path, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL", str(arpa))
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL_WEIGHT", value)
    with pytest.raises(ConfigError, match="MEDIAINDEX_LANGUAGE_MODEL_WEIGHT"):
        configured()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.arpa"):
        _ = LanguageModel(tmp_path / "gone.arpa").identity


@pytest.mark.parametrize("content", [b"no model at all\n", b"\xff\xfe\x00mmap lm", b"\\1-grams:\nword\n"])
def test_a_file_in_another_format_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"other\.bin"):
        LanguageModel(path).score(None, "word")


@pytest.fixture
def unigrams(tmp_path: Path) -> Callable[..., LanguageModel]:
    def made(*words: str) -> LanguageModel:
        path = tmp_path / "given.arpa"
        entries = ["-1\t<unk>\t0", "-99\t<s>\t0", "-1\t</s>", *(f"-2\t{word}\t0" for word in words)]
        counts = [f"ngram 1={len(entries)}", "ngram 2=1"]
        lines = ["\\data\\", *counts, "", "\\1-grams:", *entries, "", "\\2-grams:", "-1\t<s> </s>", "", "\\end\\", ""]
        path.write_text("\n".join(lines), "utf-8")
        return LanguageModel(path, Weights(weight=1.0, bonus=0.0))

    return made


def test_a_no_break_space_is_part_of_a_word(unigrams: Callable[..., LanguageModel]) -> None:
    model = unigrams("10\u00a0km", "10\u00a0m")
    assert added(model, "10\u00a0km") == pytest.approx(-2 * math.log(10), abs=1e-5)


def test_a_model_without_words_knows_no_word(unigrams: Callable[..., LanguageModel]) -> None:
    assert added(unigrams(), "garden") < added(unigrams("garden"), "garden")


def test_a_duplicate_word_is_a_config_error(unigrams: Callable[..., LanguageModel]) -> None:
    with pytest.raises(ConfigError, match=r"given\.arpa"):
        unigrams("garden", "garden").start()


def test_a_file_that_kenlm_cannot_read_is_named(tmp_path: Path, arpa: Path) -> None:
    path = tmp_path / "broken.arpa"
    path.write_text(arpa.read_text("utf-8").replace("ngram 2=", "ngram 2=9"), "utf-8")
    with pytest.raises(ConfigError, match=r"broken\.arpa"):
        LanguageModel(path).start()

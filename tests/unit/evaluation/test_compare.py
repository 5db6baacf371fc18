from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.errors import ConfigError
from mediaindex.evaluation.compare import compare, read_report
from mediaindex.evaluation.report import FileScore, Report, ScoringRules, buckets, figures
from mediaindex.evaluation.word_errors import Tally
from tests.builders.scores import file_score, report_of


def scored(name: str, errors: float, lang: str = "en", words: int = 10) -> FileScore:
    return file_score(
        name,
        lang=lang,
        tallies={"wer": Tally(part=errors, whole=words), "language": Tally(part=1 if errors < 9 else 0, whole=1)},
        right=(0.9,) * int(words - errors),
        wrong=(0.1,) * int(errors),
    )


def verdicts(old: Report, new: Report) -> dict[str, str]:
    return {change.metric.name: change.verdict for change in compare(old, new)}


def test_figures_are_weighted_by_words_and_split_by_buckets() -> None:
    files = [scored("a", 1, words=10), scored("b", 9, "de", words=90)]
    assert figures(files).metrics["wer"] == pytest.approx(10 / 100)
    assert {name: figure.metrics["wer"] for name, figure in buckets(files)["language"].items()} == {
        "en": 0.1,
        "de": 0.1,
    }


def test_fewer_errors_are_better_and_more_are_worse() -> None:
    bad, good = (report_of(*(scored(f"{n}", errors + n % 2) for n in range(20))) for errors in (4, 2))
    assert verdicts(bad, good)["wer"] == "better"
    assert verdicts(good, bad)["wer"] == "worse"
    assert verdicts(good, good) == {"wer": "same", "language": "same", "ece": "same", "auroc": "same"}


def test_a_higher_value_of_a_metric_like_language_is_better() -> None:
    old, new = (report_of(*(scored(f"{n}", errors) for n in range(5))) for errors in (9, 1))
    assert verdicts(old, new)["language"] == "better"


def test_a_change_in_one_file_of_many_is_unclear() -> None:
    old = report_of(*(scored(f"{n}", 3) for n in range(10)))
    new = report_of(*(scored(f"{n}", 2 if n == 0 else 3) for n in range(10)))
    (change,) = (change for change in compare(old, new) if change.metric.name == "wer")
    assert change.verdict == "unclear"
    assert change.new - change.old == pytest.approx(-0.01)
    assert change.low is not None
    assert change.low < 0 == change.high


def test_only_recordings_in_both_reports_are_compared() -> None:
    changes = compare(report_of(scored("a", 1), scored("b", 9)), report_of(scored("c", 5), scored("a", 2)))
    assert {(change.files, change.low) for change in changes} == {(1, None)}
    with pytest.raises(ConfigError, match="no recording is in both"):
        compare(report_of(scored("a", 1)), report_of(scored("b", 1)))


def test_reports_with_other_rules_are_refused() -> None:
    with pytest.raises(ConfigError, match="rules"):
        compare(report_of(scored("a", 1)), report_of(scored("a", 1), protocol=ScoringRules(collar=0.25)))


def test_a_report_is_read_back_unchanged(tmp_path: Path) -> None:
    kept = report_of(scored("a", 1))
    (tmp_path / "r.json").write_text(kept.model_dump_json())
    assert read_report(tmp_path / "r.json") == kept
    (tmp_path / "r.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"r\.json is not a report"):
        read_report(tmp_path / "r.json")

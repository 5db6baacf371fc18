"""``mediaindex calibrate MANIFEST``: word confidence that means P(the word is right)."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediaindex.evaluation.manifest import Entry
    from mediaindex.evaluation.raw_words import RawWord, Take
    from mediaindex.models.calibrations import CalibrationCard
    from mediaindex.runner.engines import Engines
    from mediaindex.stages.protocols import Recogniser

MODEL = typer.Option([], "--model", help="Calibrate this model only; may be repeated  [default: all that fit].")
DEGRADED = typer.Option(
    True, help="Also hear every recording over a telephone line and in noise, so that the calibration holds there."
)
FOLDER = typer.Option(None, "--folder", file_okay=False, help="Write the calibrations here instead of beside models.")


def calibrate(
    manifest: Path = typer.Argument(..., exists=True, dir_okay=False, help="JSON Lines with NeMo's field names."),
    model: list[str] = MODEL,
    degraded: bool = DEGRADED,
    folder: Path | None = FOLDER,
) -> None:
    """Fit each recogniser's confidence to the recordings of MANIFEST, so that it is P(the word is right).

    Each line names a recording, its text, its language and who speaks: {"audio_filepath": "a.wav", "text": "…",
    "lang": "en", "speaker": "x"}. Recognisers are heard one by one. Figures come from speakers (where no speaker is
    named: recordings) that the fit did not see. Results of transcribe are computed again with the new confidences.

    Example:  mediaindex calibrate test.jsonl --model whisper-base
    """
    from mediaindex.evaluation.conditions import CLEAN, CONDITIONS
    from mediaindex.evaluation.manifest import read_manifest
    from mediaindex.evaluation.raw_words import takes_of
    from mediaindex.models.calibrations import own_path
    from mediaindex.runner.engines import Engines

    from .options import check_folder

    entries, engines = _usable(read_manifest(manifest), manifest), Engines()
    chosen = _chosen(engines, model, entries)
    for place in {folder or own_path(recogniser.name).parent for recogniser in chosen}:
        check_folder(place)
    with tempfile.TemporaryDirectory(prefix="mediaindex-calibrate-") as made:
        takes = takes_of(entries, CONDITIONS if degraded else {}, CLEAN, Path(made))
        done = [_calibrated(one, takes, engines, entries, manifest.name, folder) for one in chosen]
    if not all(done):
        raise typer.Exit(1)


def _usable(entries: Sequence[Entry], manifest: Path) -> list[Entry]:
    from mediaindex.errors import ConfigError
    from mediaindex.evaluation.references import read_reference

    for number, entry in enumerate(entries, 1):
        if not entry.lang or read_reference(entry).text is None:
            raise ConfigError(f"{manifest}: recording {number} has no text or no lang; calibration needs both")
    return list(entries)


def _chosen(engines: Engines, names: Sequence[str], entries: Sequence[Entry]) -> list[Recogniser]:
    """The recognisers that were named, or those that are here and write one of the manifest's languages."""
    from mediaindex.errors import ConfigError
    from mediaindex.evaluation.word_errors import base
    from mediaindex.models import locate, try_locate

    known = {recogniser.name: recogniser for recogniser in engines.raw_recognisers}
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"no recogniser is called {', '.join(unknown)}; there are {', '.join(known)}")
    for name in names:
        locate(name)  # says how to get it
    languages = {base(str(entry.lang)) for entry in entries}
    chosen = [one for name, one in known.items() if name in (names or known) and languages & one.languages]
    if not chosen:
        raise ConfigError(f"no recogniser that was chosen writes {', '.join(sorted(languages))}")
    return [one for one in chosen if try_locate(one.name)]


def _calibrated(
    recogniser: Recogniser,
    takes: Sequence[Take],
    engines: Engines,
    entries: Sequence[Entry],
    manifest: str,
    folder: Path | None,
) -> bool:
    """Write one recogniser's calibration; False, and the reason told, where there is none: others may have one."""
    from mediaindex.errors import TerminalError
    from mediaindex.models.calibrations import write_card

    try:
        card = _card(recogniser, _heard(takes, recogniser, engines), entries, manifest)
    except TerminalError as error:
        print(f"{recogniser.name}: {error}", file=sys.stderr)
        return False
    _show(card, write_card(card, folder), Console())
    return True


def _heard(takes: Sequence[Take], recogniser: Recogniser, engines: Engines) -> list[RawWord]:
    from mediaindex.evaluation.raw_words import raw_words

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("loading", total=None)

        def tell(stage: str, done: int, expected: int) -> None:
            progress.update(bar, description=f"{recogniser.name}: {stage}", completed=done, total=expected)

        return raw_words(takes, recogniser, engines, tell)


def _card(recogniser: Recogniser, words: Sequence[RawWord], entries: Sequence[Entry], manifest: str) -> CalibrationCard:
    from mediaindex.evaluation.calibrating import calibrate as fitted
    from mediaindex.evaluation.word_errors import base
    from mediaindex.models import locate
    from mediaindex.models.calibrations import CalibrationCard, Fitted, Quality

    found = fitted(words)
    heard = [entry for entry in entries if base(str(entry.lang)) in recogniser.languages]
    return CalibrationCard(
        model=recogniser.name,
        weights=locate(recogniser.name).sha256,
        engine=recogniser.identity,
        parameters=(found.calibration.a, found.calibration.b, found.calibration.c),
        fitted=Fitted(
            manifest=manifest,
            date=datetime.now(UTC).date().isoformat(),
            languages=tuple(sorted({base(str(entry.lang)) for entry in heard})),
            recordings=len(heard),
            folds=found.folds,
            folds_by="speaker" if all(entry.speaker for entry in heard) else "recording",
        ),
        quality={name: Quality.model_validate(one, from_attributes=True) for name, one in found.quality.items()},
    )


def _show(card: CalibrationCard, path: Path, console: Console) -> None:
    """Figures by condition; the last line says where the calibration lies."""
    columns = ("", "words", "right", "ECE raw", "ECE held out", "ECE unseen", "AUROC")
    table = Table(*columns, title=card.model)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, one in card.quality.items():
        unseen = "" if one.ece_unseen is None else f"{one.ece_unseen:.3f}"
        auroc = "" if one.auroc is None else f"{one.auroc:.3f}"
        figures = (f"{one.right:.1%}", f"{one.ece_raw:.3f}", f"{one.ece_cv:.3f}", unseen, auroc)
        table.add_row(name, str(one.words), *figures, end_section=False)
    console.print(table)
    fitted = card.fitted
    console.print(
        f"held out: fitted without the {fitted.folds_by} ({fitted.folds} folds); unseen: without the condition, too",
        f"written to {path}",
        sep="\n",
        soft_wrap=True,
        highlight=False,
    )

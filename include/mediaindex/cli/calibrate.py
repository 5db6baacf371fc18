"""``mediaindex calibrate MANIFEST``: fit the confidence of words to the probability that they are right."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .fetching import fetch_missing
from .options import AS_JSON, check_folder
from .terminal import Terminal, say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediaindex.evaluation.manifest import Entry
    from mediaindex.evaluation.raw_words import RawWord, Variant
    from mediaindex.models.calibrations import CalibrationCard
    from mediaindex.runner.engines import Engines
    from mediaindex.stages.protocols import Recogniser

MODEL = typer.Option(
    [],
    "--model",
    help="Calibrate only this model; may be repeated. By default all installed models of these languages.",
)
DEGRADED = typer.Option(
    True, help="Whether to fit on telephone and noisy versions of every recording too, for audio of that quality."
)
FOLDER = typer.Option(
    None, "--folder", file_okay=False, help="Write calibrations to this folder instead of the models'."
)


def calibrate(
    manifest: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="A manifest: JSON Lines with NeMo's field names."
    ),
    model: list[str] = MODEL,
    degraded: bool = DEGRADED,
    folder: Path | None = FOLDER,
    as_json: bool = AS_JSON,
) -> None:
    """Fit each recogniser's word confidence on the recordings of MANIFEST: the probability that a word is right.

    Each line describes one recording: {"audio_filepath": "a.wav", "text": "hello", "lang": "en", "speaker": "x"}. The
    printed figures are cross-validated: no speaker (or recording, if speakers are not named) is in both fit and test.
    After a new calibration, the transcribe stage computes its results again.

    Examples:

      mediaindex calibrate test.jsonl

      mediaindex calibrate test.jsonl --model whisper-base
    """
    from mediaindex.evaluation.conditions import CLEAN, CONDITIONS
    from mediaindex.evaluation.manifest import read_manifest
    from mediaindex.evaluation.raw_words import variants_of
    from mediaindex.models.calibrations import own_path
    from mediaindex.runner.engines import Engines

    fetch_missing()
    entries, engines = _usable(read_manifest(manifest), manifest), Engines()
    chosen = _chosen(engines, model, entries)
    for place in {folder or own_path(recogniser.name).parent for recogniser in chosen}:
        check_folder(place)
    with tempfile.TemporaryDirectory(prefix="mediaindex-calibrate-") as made:
        variants = variants_of(entries, CONDITIONS if degraded else {}, CLEAN, Path(made))
        done = [_calibrated(each, variants, engines, entries, manifest.name, folder, as_json) for each in chosen]
    if as_json:
        say_json([card for card in done if card], indent=2)
    if not all(done):
        raise typer.Exit(1)


def _usable(entries: Sequence[Entry], manifest: Path) -> list[Entry]:
    from mediaindex.errors import ConfigError
    from mediaindex.evaluation.references import read_reference

    for number, entry in enumerate(entries, 1):
        if not entry.lang or read_reference(entry).text is None:
            raise ConfigError(f"{manifest}: line {number} has no text or no lang; add both")
    return list(entries)


def _chosen(engines: Engines, names: Sequence[str], entries: Sequence[Entry]) -> list[Recogniser]:
    """The named recognisers, else the installed ones that support a language of the manifest."""
    from mediaindex.errors import ConfigError
    from mediaindex.evaluation.word_errors import base
    from mediaindex.models import locate, try_locate

    known = {recogniser.name: recogniser for recogniser in engines.raw_recognisers}
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"unknown recogniser {', '.join(unknown)}; valid recognisers: {', '.join(known)}")
    for name in names:
        locate(name)  # raises an error that says how to install it
    languages = {base(str(entry.lang)) for entry in entries}
    chosen = [
        recogniser
        for name, recogniser in known.items()
        if name in (names or known) and languages & recogniser.languages
    ]
    if not chosen:
        raise ConfigError(f"no chosen recogniser supports {', '.join(sorted(languages))}; choose others with --model")
    return [recogniser for recogniser in chosen if try_locate(recogniser.name)]


def _calibrated(
    recogniser: Recogniser,
    variants: Sequence[Variant],
    engines: Engines,
    entries: Sequence[Entry],
    manifest: str,
    folder: Path | None,
    as_json: bool,
) -> dict[str, Any] | None:
    """Write one recogniser's calibration, which is returned; if it cannot be fitted, print why and return None."""
    from mediaindex.errors import TerminalError
    from mediaindex.models.calibrations import write_card

    try:
        card = _card(recogniser, _recognised_words(variants, recogniser, engines), entries, manifest)
    except TerminalError as error:
        say(f"{recogniser.name}: {error}", error=True)
        return None
    path = write_card(card, folder)
    if not as_json:
        _print_card(card, path, Terminal())
    return {"path": str(path), **card.model_dump(mode="json")}


def _recognised_words(variants: Sequence[Variant], recogniser: Recogniser, engines: Engines) -> list[RawWord]:
    from mediaindex.evaluation.raw_words import raw_words

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Terminal(stderr=True), transient=True) as progress:
        bar = progress.add_task("loading models", total=None)

        def tell(stage: str, done: int, expected: int) -> None:
            progress.update(bar, description=f"{recogniser.name}: {stage}", completed=done, total=expected)

        return raw_words(variants, recogniser, engines, tell)


def _card(recogniser: Recogniser, words: Sequence[RawWord], entries: Sequence[Entry], manifest: str) -> CalibrationCard:
    from mediaindex.evaluation.calibrating import calibrate as fitted
    from mediaindex.evaluation.word_errors import base
    from mediaindex.models import locate
    from mediaindex.models.calibrations import CalibrationCard, Fitted, Quality

    fit = fitted(words)
    used = [entry for entry in entries if base(str(entry.lang)) in recogniser.languages]
    return CalibrationCard(
        model=recogniser.name,
        weights=locate(recogniser.name).sha256,
        engine=recogniser.identity,
        parameters=(fit.calibration.a, fit.calibration.b, fit.calibration.c),
        fitted=Fitted(
            manifest=manifest,
            date=datetime.now(UTC).date().isoformat(),
            languages=tuple(sorted({base(str(entry.lang)) for entry in used})),
            recordings=len(used),
            folds=fit.folds,
            folds_by="speaker" if all(entry.speaker for entry in used) else "recording",
        ),
        quality={name: Quality.model_validate(quality, from_attributes=True) for name, quality in fit.quality.items()},
    )


def _print_card(card: CalibrationCard, path: Path, console: Console) -> None:
    """Print the figures of each condition and the path of the calibration."""
    columns = ("", "words", "right", "ECE raw", "ECE held out", "ECE unseen", "AUROC")
    table = Table(*columns, title=card.model)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, quality in card.quality.items():
        unseen = "" if quality.ece_unseen is None else f"{quality.ece_unseen:.3f}"
        auroc = "" if quality.auroc is None else f"{quality.auroc:.3f}"
        figures = (f"{quality.right:.1%}", f"{quality.ece_raw:.3f}", f"{quality.ece_cv:.3f}", unseen, auroc)
        table.add_row(name, str(quality.words), *figures, end_section=False)
    console.print(table)
    fitted = card.fitted
    console.print(
        f"held out: fitted without the same {fitted.folds_by} ({fitted.folds} folds); "
        "unseen: fitted without the condition too",
        f"Wrote {path}.",
        sep="\n",
        soft_wrap=True,
        highlight=False,
    )

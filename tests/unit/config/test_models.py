"""Faults of `models:` in the sources file: each has its line, its field, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.config import sources
from mediaindex.errors import ConfigError

SOURCES = "sources:\n  - name: calls\n    bucket: my-calls\n"
COMMIT, SHA256 = "a" * 40, "b" * 64
OURS = "name: ours, engine: nemo-ctc, languages: [en]"
AT_HUB = f"{OURS}, hub: example/ours, file: ours.nemo, revision: {COMMIT}, sha256: {SHA256}"
PIN = f"name: parakeet-tdt-0.6b-v3, sha256: {SHA256}"


def complaints(tmp_path: Path, *models: str) -> list[str]:
    """The faults of a file whose models begin in its fifth line."""
    path = tmp_path / "sources.yaml"
    path.write_text(SOURCES + "models:\n" + "".join(f"  - {{{model}}}\n" for model in models), "utf-8")
    try:
        sources.load(path)
    except ConfigError as error:
        lines = [line.removeprefix(f"{path}:") for line in str(error).splitlines()]
        return lines if len(lines) == 1 else lines[1:]
    return []


@pytest.mark.parametrize(
    "model",
    [
        f"{OURS}, path: /srv/ours.nemo",
        f"{OURS}, path: team/ours.nemo, sha256: {SHA256}, licence: internal",
        "name: ours, engine: whisper, languages: [en, de], path: ~/ours",
        AT_HUB,
        AT_HUB.replace("nemo-ctc", "whisper").replace("file: ours.nemo, ", ""),
        PIN,
        f"{PIN}, revision: {COMMIT}",
    ],
)
def test_a_described_model_is_valid(tmp_path: Path, model: str) -> None:
    assert complaints(tmp_path, model) == []


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (
            "name: ours, languages: [en], path: /a.nemo",
            "engine: is missing; write nemo-ctc, nemo-transducer or whisper",
        ),
        ("name: ours, engine: nemo-ctc, path: /a.nemo", "languages: is missing; list the languages"),
        (OURS, "path: is missing; write the path of the weights, or 'hub'"),
        (f"{AT_HUB}, path: /a.nemo", "path: excludes 'hub'; remove one of them"),
        (f"{OURS}, path: /srv/ours", "path: '/srv/ours' is no checkpoint of NeMo; write the path of a .nemo file"),
        (f"{OURS}, path: ../ours.nemo", "path: '../ours.nemo' leaves its folder; write an absolute path"),
        (f"{OURS}, path: /a.nemo, revision: {COMMIT}", "revision: belongs to 'hub'; remove it"),
        (
            AT_HUB.replace(f", sha256: {SHA256}", ""),
            "sha256: is missing; `mediaindex models fetch example/ours` prints",
        ),
        (AT_HUB.replace(f", revision: {COMMIT}", ""), "revision: is missing; `mediaindex models fetch example/ours`"),
        (AT_HUB.replace(COMMIT, "main"), "revision: 'main' is invalid; write text that matches ^[0-9a-f]{40}$"),
        (AT_HUB.replace("example/ours", "https://a.example/ours"), "hub: 'https://a.example/ours' is invalid; write"),
        (AT_HUB.replace("file: ours.nemo, ", ""), "file: is missing; write the name of the .nemo file"),
        (AT_HUB.replace("nemo-ctc", "whisper"), "file: belongs to NeMo's engines; remove it"),
        (AT_HUB.replace("nemo-ctc", "kaldi"), "engine: 'kaldi' is invalid; write 'nemo-ctc', 'nemo-transducer' or"),
        (AT_HUB.replace("sha256", "sha265"), "sha265: unknown field 'sha265'; write 'sha256'"),
        (AT_HUB.replace("[en]", "[english]"), "languages[0]: 'english' is invalid; write text that matches"),
        ("name: parakeet-tdt-0.6b-v3", "sha256: is missing; `mediaindex models fetch parakeet-tdt-0.6b-v3` prints it"),
        (f"{PIN}, engine: nemo-ctc", "engine: belongs to the registry's parakeet-tdt-0.6b-v3; remove it, or choose"),
        (f"name: truecase-english, sha256: {SHA256}", "name: truecase-english is not fetched from a hub, so there is"),
    ],
)
def test_a_fault_names_line_field_and_remedy(tmp_path: Path, model: str, complaint: str) -> None:
    found = complaints(tmp_path, model)
    assert [line for line in found if line.startswith(f"5: models[0].{complaint}")], found


def test_two_models_with_one_name_are_a_fault(tmp_path: Path) -> None:
    (complaint,) = complaints(tmp_path, AT_HUB, AT_HUB)
    assert complaint == "6: models[1].name: another model is called 'ours'; choose another name"

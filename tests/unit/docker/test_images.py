from __future__ import annotations

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

AIRFLOW, SPEECH = "docker/Dockerfile.airflow", "docker/Dockerfile.speech"
both = pytest.mark.parametrize("name", [AIRFLOW, SPEECH])


def instructions(path: Path, kind: str) -> list[list[str]]:
    """Arguments of every instruction of this kind, without flags."""
    text = re.sub(r"\\\n", " ", path.read_text())
    found = re.findall(rf"^{kind} +(.*)$", text, flags=re.MULTILINE)
    return [[word for word in line.split() if not word.startswith("--")] for line in found]


def copied(path: Path) -> list[str]:
    return [source for *sources, _target in instructions(path, "COPY") for source in sources]


@both
def test_every_copied_path_exists(checkout: Path, name: str) -> None:
    assert [source for source in copied(checkout / name) if not (checkout / source).exists()] == []


@both
def test_every_copied_path_reaches_the_engine(checkout: Path, name: str) -> None:
    rules = (checkout / ".dockerignore").read_text().splitlines()
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    assert "*" in rules
    assert [source for source in copied(checkout / name) if source.rstrip("/") not in kept] == []


def test_secrets_never_reach_the_engine(checkout: Path) -> None:
    kept = [rule[1:] for rule in (checkout / ".dockerignore").read_text().splitlines() if rule.startswith("!")]
    for secret in (".git", ".mediaindex", "docker", "docker/.env", ".env"):
        assert not any(fnmatch(secret, rule) for rule in kept)


def test_the_base_image_is_the_pinned_airflow(checkout: Path, pins: dict[str, str]) -> None:
    base = instructions(checkout / AIRFLOW, "FROM")[0][0]
    assert base == f"apache/airflow:{pins['apache-airflow']}-python3.11"


@both
def test_the_images_have_the_python_that_the_requirements_were_solved_for(checkout: Path, name: str) -> None:
    base = instructions(checkout / name, "FROM")[0][0]
    assert re.search(r"(python:|python)3\.11", base)
    assert tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["requires-python"].startswith(">=3.11")


@both
def test_images_do_not_run_as_root(checkout: Path, name: str) -> None:
    assert instructions(checkout / name, "USER")[-1] != ["root"]


@both
def test_a_multi_line_command_stops_at_its_first_failure(checkout: Path, name: str) -> None:
    for command in instructions(checkout / name, "RUN"):
        assert ";" not in " ".join(command)


def test_the_worker_knows_its_speech_environment(checkout: Path) -> None:
    text = (checkout / AIRFLOW).read_text()
    assert "MEDIAINDEX_SPEECH_PYTHON=/opt/speech/bin/python" in text.partition("AS worker")[2]
    assert "venv /opt/speech" in (checkout / "docker/install-speech.sh").read_text()


def test_the_cpu_device_omits_only_cuda(checkout: Path) -> None:
    script = (checkout / "docker/install-speech.sh").read_text()
    (pattern,) = re.findall(r"left_out='(\^\(.*\))'", script)
    names = re.findall(r"^([a-z0-9][\w.-]*)(?:\[.*\])?==", (checkout / "requirements-speech.txt").read_text(), re.M)
    left_out = {name for name in names if re.match(pattern, f"{name}==")}
    assert {name.partition("-")[0] for name in left_out} == {"nvidia", "cuda", "triton"}


def test_packages_are_verified_and_only_torch_comes_from_another_index(checkout: Path) -> None:
    script = (checkout / "docker/install-speech.sh").read_text()
    installs = [line for line in script.splitlines() if "pip install" in line]
    assert [line.split("-r ")[-1] for line in installs if "--index-url" in line] == ['"$folder/torch.txt"']
    assert [line.split("-r ")[-1] for line in installs if "--require-hashes" in line] == ['"$folder/requirements.txt"']
    assert "EXTRA_INDEX" not in script
    assert "--require-hashes" in (checkout / AIRFLOW).read_text()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "SPEECH_DEVICE"),
        ({"SPEECH_DEVICE": "tpu"}, "must be cpu or cuda"),
        ({"SPEECH_DEVICE": "cpu"}, "TORCH_INDEX_URL"),
    ],
)
def test_an_invalid_device_is_reported_before_the_installation(
    checkout: Path, variables: dict[str, str], message: str
) -> None:
    path = checkout / "docker/install-speech.sh"
    installation = subprocess.run([path], env=variables, capture_output=True, text=True, check=False)
    assert installation.returncode != 0
    assert message in installation.stderr


@pytest.mark.parametrize("name", ["install-speech.sh", "postgres-init.sh", "search-users.sh"])
def test_scripts_are_executable_and_parse(checkout: Path, name: str) -> None:
    path = checkout / "docker" / name
    assert path.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", path], check=True)

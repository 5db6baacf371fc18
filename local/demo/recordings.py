"""The demo's recordings: made by ``mediaindex samples``, uploaded below the source's prefix, and announced."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from local.announce import announce
from local.site import ServerError, Site
from mediaindex.config import sources
from mediaindex.samples.make import SAMPLES
from mediaindex.storage.client import s3_client

SOURCE = "recordings"


def speech_command(site: Site, *arguments: str) -> None:
    """Run ``mediaindex`` of the speech environment and show its output. Raises ServerError if it fails."""
    program = site.settings.root / ".venv-speech" / "bin" / "mediaindex"
    if subprocess.run([str(program), *arguments], env=os.environ | site.environment, check=False).returncode:
        raise ServerError(f"`mediaindex {' '.join(arguments)}` failed; its output is above.")


def upload(site: Site, folder: Path) -> int:
    """Upload samples that are missing below the source's prefix, and announce them. Returns the number."""
    source = sources.load(sources.path_from_environment()).source(SOURCE)
    client = s3_client(site.environment["MEDIAINDEX_S3_ENDPOINT_URL"])
    listed = client.list_objects_v2(Bucket=source.bucket, Prefix=source.prefix).get("Contents", [])
    present = {entry["Key"]: entry["Size"] for entry in listed}
    new = 0
    for sample in SAMPLES:
        path, key = folder / sample.name, f"{source.prefix}{sample.name}"
        if present.get(key) != path.stat().st_size:
            client.upload_file(str(path), source.bucket, key)
            announce(site, source.bucket, key, size=path.stat().st_size)
            new += 1
    return new

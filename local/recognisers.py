"""Which recogniser the local servers use, in one line: it depends on the weights that are on this machine."""

from __future__ import annotations

import os
import subprocess

from local.environment import models_beside
from local.site import Site
from mediaindex.settings import ModelSettings

_MODELS = ModelSettings.variable("models")


def sentence(site: Site) -> str:
    """What `mediaindex models recognisers` says, and why this folder of weights is used, if nobody named it."""
    program = site.settings.root / ".venv-speech" / "bin" / "mediaindex"
    try:
        done = subprocess.run(
            [str(program), "models", "recognisers"],
            env=os.environ | site.environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return f"recognisers: unknown, {program} cannot be run: {error.strerror}"
    said = (done.stdout.strip() or done.stderr.strip()).replace("\n", " ")
    folder = str(models_beside(site.settings))
    if site.environment.get(_MODELS) == folder:
        return f"{said}; {folder} is used because it lies beside this checkout ({_MODELS} names another)"
    return said

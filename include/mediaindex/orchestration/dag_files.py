"""The DAG files of the package, for Airflows that have a DAG folder of their own."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from mediaindex.errors import ConfigError

_PREFIX = "mediaindex_"
_STUB = '''"""The DAG file {name} of mediaindex, for Airflow; written by `mediaindex dags install`."""

from mediaindex.orchestration.dag_files import load

load("{name}")
'''
_MARK = "written by `mediaindex dags install`"


def folder() -> Path:
    """``mediaindex/dags`` of an installed wheel, else ``dags/`` of the checkout. Raises ConfigError."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "dags", package.parents[1] / "dags"):
        if (place / "index_recordings.py").is_file():
            return place
    raise ConfigError(f"the DAG files are missing in {package}; install mediaindex again")


def names() -> list[str]:
    """The DAG files, without their suffix."""
    return sorted(path.stem for path in folder().glob("*.py"))


def install(target: Path) -> list[Path]:
    """Write a file per DAG file, which loads it, to Airflow's folder; remove those that an older version wrote.

    An upgrade of the package needs no other files, unless it has a new DAG file.
    """
    target.mkdir(parents=True, exist_ok=True)
    written = {target / f"{_PREFIX}{name}.py": _STUB.format(name=name) for name in names()}
    for path in target.glob(f"{_PREFIX}*.py"):
        if path not in written and _MARK in path.read_text("utf-8"):
            path.unlink()
    for path, text in written.items():
        path.write_text(text, "utf-8")
    return list(written)


def load(name: str) -> None:
    """Run a DAG file. Airflow registers its DAGs for the file that it reads, which is the one that calls this.

    Not an import: a second reading by the same process must make the DAGs again.
    """
    path = folder() / f"{name}.py"
    spec = spec_from_file_location(f"{_PREFIX}{name}_dags", path)
    if spec is None or spec.loader is None or not path.exists():
        raise ConfigError(f"mediaindex has no DAG file {name}; run `mediaindex dags install` again")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)

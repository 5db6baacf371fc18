"""How many small changes to a room's code its tests notice: `python -m tests.mutation catalog --sample 60`.

A sample of all changes (see `tests.builders.mutants`) is tried one by one in a copy of the working tree. A change that
makes a test fail, or hang, is killed; the others are listed, and are missing tests or changes without an effect. The
sample is chosen by a digest, so that it changes little with the code. Start the servers that the room's tests need
first, as CONTRIBUTING.md describes: without them these tests are skipped and notice nothing.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.builders.mutants import mutants_of

ROOT = Path(__file__).parents[1]
PACKAGE = Path("include", "mediaindex")
SPEECH = {
    "timeline", "contract", "stages", "engines", "models", "runner", "exports", "evaluation", "cli", "config",
    "samples",
}  # fmt: skip
CODE_ALSO = {"catalog": ["sql/queries"]}
# Tests beside the room's own, which are run last: those of rooms that cannot do without its promises.
TESTS_ALSO = {
    "catalog": [
        "tests/integration/arrivals",
        "tests/integration/search",
        "tests/integration/upkeep",
        *(f"tests/integration/orchestration/test_{name}.py" for name in ("podcast_identity", "absent_sources")),
    ],
    "storage": [
        "tests/integration/arrivals",
        "tests/integration/upkeep",
        *(f"tests/integration/faults/test_{name}.py" for name in ("refusals", "s3_answers", "s3_bodies")),
    ],
    "search": ["tests/integration/upkeep"],
    "orchestration": ["tests/integration/arrivals", "tests/unit/dags"],
    "feeds": ["tests/integration/orchestration/test_podcasts.py"],
    "stages/media": ["tests/unit/stages"],
}
PER_TEST_S = 120  # a mutant may loop

# Imports once what the tests of all mutants import; then forks for each line of pytest's arguments.
WORKER = """
import importlib, os, sys, pytest
for name in ("hypothesis", "boto3", "botocore.stub", "s3transfer.manager", "psycopg2.extras", "elasticsearch.helpers",
             "pydantic", "yaml", "numpy"):
    try: importlib.import_module(name)
    except ImportError: pass
for line in sys.stdin:
    if not (pid := os.fork()):
        os.setsid()
        log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2): os.dup2(log, stream)
        status = pytest.main(line.split())
        sys.stdout.flush()
        os._exit(status)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Mutant:
    """An edit of a file: from byte ``start`` on, ``old`` becomes ``new``. ``number``: of equal edits in the file."""

    path: Path
    start: int
    old: bytes
    new: bytes
    line: int
    number: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {shortened(self.old)} -> {shortened(self.new)}"

    def digest(self, seed: int) -> bytes:
        return hashlib.sha256(f"{seed} {self.path} {self.old!r} {self.new!r} {self.number}".encode()).digest()

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new + source[self.start + len(self.old) :]


def shortened(text: bytes) -> str:
    line = " ".join(text.decode().split()) or "nothing"
    return line if len(line) <= 100 else f"{line[:97]}..."


def mutants(room: str, tree: Path) -> Iterator[Mutant]:
    for place in [str(PACKAGE / room), *CODE_ALSO.get(room, [])]:
        for file in sorted(path for path in (tree / place).rglob("*") if path.suffix in (".py", ".sql")):
            source, equal = file.read_bytes(), Counter[tuple[bytes, str]]()
            for start, end, new in mutants_of(file.name, source.decode()):
                equal[edit := (source[start:end], new)] += 1
                line = source[:start].count(b"\n") + 1
                yield Mutant(file.relative_to(tree), start, source[start:end], new.encode(), line, equal[edit])


def imported(file: Path) -> set[str]:
    """The modules that a test file imports, with names that may be modules."""
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names.union(*({f"{one.module}", *(f"{one.module}.{alias.name}" for alias in one.names)} for one in froms))


def module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts[1:]).removesuffix(".__init__")


def containing(pattern: str) -> list[Path]:
    """Modules with this text."""
    files = (ROOT / PACKAGE).rglob("*.py")
    return [file.relative_to(ROOT) for file in files if re.search(pattern, file.read_text("utf-8"))]


def modules_with(path: Path) -> set[str]:
    """The module of this path; of a query those that name it."""
    return {module(path)} if path.suffix == ".py" else set(map(module, containing(f'"{path.stem}"')))


def users_of(path: Path) -> set[str]:
    """The modules that import one of ``modules_with``."""
    names = [name.rpartition(".")[2] for name in modules_with(path)]
    return {module(file) for name in names for file in containing(rf"\b{name} import |import .*\b{name}\b")}


class Tests:
    """The tests of a room in a copy of the working tree."""

    def __init__(self, room: str, tree: Path, *, nearest: bool) -> None:
        self.tree = tree
        self.nearest = nearest
        self.environment = ".venv-speech" if room.split("/", maxsplit=1)[0] in SPEECH else ".venv-airflow"
        own = [place for layer in ("unit", "integration") if (ROOT / (place := f"tests/{layer}/{room}")).exists()]
        self.own = [path.relative_to(ROOT) for place in own for path in sorted((ROOT / place).rglob("test_*.py"))]
        self.others = [Path(place) for place in TESTS_ALSO.get(room, [])]
        self.imports = {path: imported(ROOT / path) for path in self.own}
        self.limit = 3600.0

    @property
    def log(self) -> Path:
        """What pytest says."""
        return self.tree.parent / "log"

    @contextmanager
    def started(self) -> Iterator[None]:
        """With a process that runs tests on demand."""
        command = [str(self.tree / self.environment / "bin" / "python"), "-c", WORKER, str(self.log)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=self.tree, stdin=pipe, stdout=pipe, text=True) as self.worker:
            yield
            self.worker.communicate()

    def copy(self) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.tree / name)
        if (ROOT.parent / "shared").is_dir():
            (self.tree.parent / "shared").symlink_to(ROOT.parent / "shared")
        self._copy_environment()

    def _copy_environment(self) -> None:
        """An environment with the same packages whose ``mediaindex`` is that of the copy, also in child processes."""
        theirs, ours = ROOT / self.environment, self.tree / self.environment
        (packages,) = theirs.glob("lib/python*/site-packages")
        (place := ours / packages.relative_to(theirs)).mkdir(parents=True)
        (ours / "bin").mkdir()
        shutil.copy(theirs / "pyvenv.cfg", ours)
        for path in [*packages.iterdir(), *(theirs / "bin").iterdir()]:
            copied = (place if path.parent == packages else ours / "bin") / path.name
            names_checkout = path.suffix == ".pth" or (path.parent != packages and path.stat().st_size < 100_000)
            if path.is_symlink():
                copied.symlink_to(path.readlink())
            elif path.is_file() and names_checkout:
                copied.write_bytes(path.read_bytes().replace(str(ROOT).encode(), str(self.tree).encode()))
                copied.chmod(path.stat().st_mode)
            else:
                copied.symlink_to(path)

    def _with(self, modules: set[str]) -> list[Path]:
        return [test for test in self.own if self.imports[test] & modules]

    def nearest_first(self, path: Path) -> Iterator[list[Path]]:
        """Test files in the order in which they are likely to notice a change to this file.

        The first group imports the module, or a module that imports it.
        """
        near = list(dict.fromkeys([*self._with(modules_with(path)), *self._with(users_of(path))]))
        near.sort(key=lambda test: path.stem not in test.stem)
        groups = [near, [test for test in self.own if test not in near], self.others]
        yield from [files for files in groups if files][: 1 if self.nearest else None]

    def fail(self, files: Sequence[Path]) -> bool:
        """Whether a test fails; a hanging one does."""
        options = ["-q", "-x", "-p", "no:cacheprovider", f"--timeout={PER_TEST_S}"]
        assert self.worker.stdin
        assert self.worker.stdout
        self.worker.stdin.write(" ".join([*options, *map(str, files)]) + "\n")
        self.worker.stdin.flush()
        alarm = threading.Timer(self.limit, os.killpg, (int(self.worker.stdout.readline()), signal.SIGKILL))
        alarm.start()
        status = int(self.worker.stdout.readline())
        alarm.cancel()
        return status not in (0, 5)  # 5: no test was found

    def killed(self, mutant: Mutant) -> bool:
        file = self.tree / mutant.path
        source, times = file.read_bytes(), file.stat()
        file.write_bytes(mutant.applied(source))
        try:
            return any(self.fail(files) for files in self.nearest_first(mutant.path))
        finally:
            file.write_bytes(source)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # its bytecode stays valid


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(room: str, sample: int, seed: int, only: Sequence[str], *, nearest: bool) -> int:
    """1 if a mutant survives, 2 if the tests fail without one."""
    survivors = []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mutation-"))
        tests = Tests(room, Path(folder, "tree"), nearest=nearest)
        tests.copy()
        stack.enter_context(tests.started())
        every = sorted(mutants(room, tests.tree), key=lambda mutant: mutant.digest(seed))
        chosen = [mutant for mutant in every[:sample] if not only or any(part in str(mutant) for part in only)]
        chosen.sort(key=lambda mutant: (mutant.path, mutant.start))
        begun = time.monotonic()
        paths = {mutant.path for mutant in chosen}
        needed = {test: None for path in sorted(paths) for files in tests.nearest_first(path) for test in files}
        if tests.fail(list(needed)):
            say(tests.log.read_text("utf-8", "replace")[-5_000:])
            return 2
        tests.limit = 60 + 3 * (time.monotonic() - begun)
        *_, last = tests.log.read_text("utf-8").splitlines()
        say(f"{room}: {len(chosen)} of {len(every)} mutants; without one: {last}")
        for mutant in chosen:
            begun = time.monotonic()
            killed = tests.killed(mutant)
            survivors += [] if killed else [mutant]
            say(f"{'killed' if killed else 'SURVIVED':8} {time.monotonic() - begun:5.1f} s  {mutant}")
    share = 100 * (1 - len(survivors) / max(1, len(chosen)))
    say(f"{room}: {len(chosen) - len(survivors)} of {len(chosen)} killed ({share:.0f} %); survivors:")
    for mutant in survivors:
        say(f"  {mutant}")
    return int(bool(survivors))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0] if __doc__ else "")
    parser.add_argument("room", help="a package of include/mediaindex, such as catalog or stages/media")
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="of the sample, those with this text"
    )
    parser.add_argument(
        "--nearest", action="store_true", help="run only the room's tests near the changed module: a lower bound"
    )
    options = parser.parse_args()
    sys.exit(main(options.room, options.sample, options.seed, options.only, nearest=options.nearest))

"""sha256 of files and directories, cached for unchanged files, a lock, and the environment of child processes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

# What programs that fetch or convert models need; not the keys of S3, which the speech process has.
_PASSED = frozenset(
    {
        *("PATH", "HOME", "USER", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
        *("PYTHONPATH", "PYTHONHASHSEED", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NETRC"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    }
)


def child_environment(*prefixes: str) -> dict[str, str]:
    """The variables of this process that a child may see: without credentials, with those of ``prefixes``."""
    return {name: text for name, text in os.environ.items() if name in _PASSED or name.startswith(prefixes)}


def file_digest(path: Path) -> str:
    """The sha256 of the bytes of a file, in hex."""
    status = path.stat()
    return _file_digest(path, status.st_size, status.st_mtime_ns)


def tree_digest(root: Path) -> str:
    """The sha256 over the names and digests of all files below ``root``, in order of name, in hex."""
    whole = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        whole.update(f"{path.relative_to(root).as_posix()}\0{file_digest(path)}\n".encode())
    return whole.hexdigest()


@lru_cache(maxsize=256)
def _file_digest(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Hold a lock file beside ``target``, creating its parent; the operating system releases it if the process dies."""
    from filelock import FileLock  # speech environment only

    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        yield

"""Disks that take nothing, as an ordinary user and as root."""

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

NOBODY = 65534


@contextmanager
def disk_full(path: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the largest in a folder, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max((p.stat().st_size for p in path.iterdir() if p.is_file()), default=0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder to which every user finds the way; those of pytest are for their owner alone."""
    outer = Path(tempfile.mkdtemp(prefix="opencombiner-test-"))
    outer.chmod(0o755)
    inner = outer / "state"
    inner.mkdir(0o777)
    inner.chmod(0o777)
    try:
        yield inner
    finally:
        inner.chmod(0o777)
        rmtree(outer)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be a user whom file modes bind: root becomes nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)

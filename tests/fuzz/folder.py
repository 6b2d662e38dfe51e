"""A folder for what a parser wants to read from the disk."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory


def from_file(read: Callable[[Path], object], name: str) -> Callable[[bytes], None]:
    """Return what writes an input to a file of that name in a folder of its own, and reads it."""

    def run(data: bytes) -> None:
        with TemporaryDirectory(prefix="opencombiner-fuzz-") as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            read(path)

    return run

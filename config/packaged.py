"""Files that come with the package: found in a checkout, in an installed wheel and in an image alike."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def packaged(name: str) -> Traversable:
    """Return a file of config/data by its name."""
    return files("config") / "data" / name

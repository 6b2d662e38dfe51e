"""The version of what runs."""

from importlib import metadata


def version() -> str:
    """Return the version of the installed package."""
    try:
        return metadata.version("opencombiner")
    except metadata.PackageNotFoundError:  # run from a checkout
        return "0+checkout"

"""The command `opencombiner`, also as `python -m opencombiner`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded, seconds on a small computer, ends it in silence."""
    try:
        from opencombiner import cli  # noqa: PLC0415 - this is the loading
    except KeyboardInterrupt:
        sys.exit(130)  # ExitCode.INTERRUPTED, which is not loaded yet
    cli.main()


if __name__ == "__main__":
    main()

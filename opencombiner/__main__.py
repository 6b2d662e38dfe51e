"""The command `opencombiner`, also as `python -m opencombiner`."""

import gc
import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded, seconds on a small computer, ends it in silence."""
    gc.disable()  # until all is loaded, none of it is garbage: to look for some takes a tenth of the time
    try:
        _load_structlog()
        from opencombiner import cli  # noqa: PLC0415 - this is the loading
    except KeyboardInterrupt:
        sys.exit(130)  # ExitCode.INTERRUPTED, which is not loaded yet
    cli.main()


def _load_structlog() -> None:
    """Import structlog without rich, which it takes for coloured tracebacks wherever it finds it: 5 MB in the daemon.

    A name that stands for None cannot be imported. Commands that draw tables import rich afterwards.
    """
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import structlog  # noqa: F401, PLC0415 - only loaded here
    finally:
        del sys.modules["rich"]


if __name__ == "__main__":
    main()

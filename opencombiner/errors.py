"""Errors at the command line: one line each, and an exit code."""

from typing import Any

import typer
from typer.core import TyperGroup

from opencombiner.exit_code import ExitCode
from protocols.errors import ConfigError, OpenCombinerError


class Commands(TyperGroup):
    """Commands whose errors become one line each and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (OpenCombinerError, ExceptionGroup) as error:
            leaves = _leaves(error)
            if not all(isinstance(leaf, OpenCombinerError) for leaf in leaves):
                raise  # a bug: its traceback is wanted
            typer.echo("\n".join(str(leaf) for leaf in leaves), err=True)
            refused = all(isinstance(leaf, ConfigError) for leaf in leaves)
            raise typer.Exit(ExitCode.REFUSED if refused else ExitCode.FAILED) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None


def _leaves(error: Exception) -> list[Exception]:
    """Return the errors in a task group's group."""
    if isinstance(error, ExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [error]

"""The bars of the command `pair`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from protocols.pairing import Progress

Tell: TypeAlias = Callable[[str, Progress], None]  # told the serial of the unit


@contextmanager
def bars() -> Iterator[Tell]:
    """Show a bar for each unit; what is yielded moves it. A round that fails begins anew."""
    columns = (TextColumn("{task.fields[serial]}"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bars(*columns) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(serial: str, progress: Progress) -> None:
            if serial not in tasks:
                for task in tasks.values():
                    shown.stop_task(task)
                tasks[serial] = shown.add_task("", serial=serial)
            words = f"{progress.stage.value}, round {progress.round} of {progress.rounds}"
            shown.update(tasks[serial], description=words, total=progress.total, completed=progress.done)

        yield tell

"""The backend `csv`: measurements that somebody recorded, played as if they were taken now."""

import csv
from bisect import bisect_right
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path

from hil.instruments import InstrumentError

MAX_ROWS = 1_000_000  # a week at two a second


class Recorded:
    """A table with a column of seconds; `now` is the time of the run, at which the table is read, `columns` by name."""

    def __init__(self, path: Path, time: str, columns: Mapping[str, str], now: Callable[[], float]) -> None:
        self._now = now
        self._rows = _rows(path, time, columns)
        self._times = [at_s for at_s, _ in self._rows]

    async def read(self) -> Mapping[str, float]:
        """Return the newest row that is not of the future; nothing before the first."""
        index = bisect_right(self._times, self._now()) - 1
        return self._rows[index][1] if index >= 0 else {}


def _rows(path: Path, time: str, columns: Mapping[str, str]) -> list[tuple[float, dict[str, float]]]:
    rows: list[tuple[float, dict[str, float]]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for line in csv.DictReader(file):
                rows.append((float(line[time]), {name: float(line[key]) for name, key in columns.items() if line[key]}))
                if len(rows) > MAX_ROWS:
                    raise InstrumentError(f"{path} has more than {MAX_ROWS} rows")
    except OSError as error:
        raise InstrumentError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise InstrumentError(f"{path}, row {len(rows) + 1}: {error} is missing or no number") from error
    if any(not isfinite(value) for at_s, values in rows for value in (at_s, *values.values())):
        raise InstrumentError(f"{path} has a value that is not finite")
    return sorted(rows, key=lambda row: row[0])

"""The bench file: where the gateway under test is, and which backend plays each instrument."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.bench import ACTS
from config.document import read
from config.loader import typed
from config.section import Section
from config.site import Mqtt

STREAM_URL = r"^(/dev/|pty:|socket://|mem://)"
ADDRESS = r"^(mem://\w+|(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5})$"
_NEEDS = {"emulator": "control", "scpi": "url", "csv": "file"}


class Backend(Section):
    """Who plays an instrument."""

    backend: Literal["emulator", "manual", "scpi", "csv"]
    control: Annotated[str | None, Field(pattern=ADDRESS, description="HOST:PORT of `emulate --control`")] = None
    url: Annotated[str | None, Field(pattern=STREAM_URL, description="socket://HOST:5025 or /dev/ttyUSB0")] = None
    baud: Annotated[int, Field(ge=300, le=4_000_000)] = 9600
    commands: Annotated[
        dict[str, tuple[str, ...]],
        Field(default_factory=dict, description="by act, or ACT_release; with formulas over its arguments"),
    ]
    queries: Annotated[dict[str, str], Field(default_factory=dict, description="by the name of the measurement")]
    check: Annotated[str | None, Field(description="asked after each act, as SYST:ERR?; 0 is well")] = None
    file: Annotated[Path | None, Field(description="a table with a line of headings")] = None
    time: Annotated[str, Field(description="heading of the column of seconds")] = "t"
    columns: Annotated[dict[str, str], Field(default_factory=dict, description="heading by measurement")]

    @model_validator(mode="after")
    def _complete(self) -> "Backend":
        needed = _NEEDS.get(self.backend)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"the backend {self.backend} lacks something; add {needed}")
        unknown = [act for act in self.commands if act.removesuffix("_release") not in ACTS]
        if unknown:
            raise ValueError(f"there is no act {unknown[0]!r}; use one of {', '.join(ACTS)}")
        return self


class Instruments(Section):
    """The instruments by their words; one that is left out cannot act."""

    gridsim: Backend | None = None
    pvsim: Backend | None = None
    das: Backend | None = None
    switch: Backend | None = None
    der: Backend | None = None
    hil: Backend | None = None

    @model_validator(mode="after")
    def _csv_measures(self) -> "Instruments":
        for word in ("gridsim", "pvsim", "switch", "der", "hil"):
            backend = getattr(self, word)
            if backend is not None and backend.backend == "csv":
                raise ValueError(f"{word} acts, and a table cannot; use csv for das alone")
        if self.das is not None and self.das.backend == "manual":
            raise ValueError("das measures all the time, and an operator cannot; leave it out")
        return self


class Bench(Section):
    """A bench: the site file of the gateway under test, and where its broker is reached from here."""

    site: Annotated[Path, Field(description="the site file of the gateway, beside this file")]
    mqtt: Mqtt
    instruments: Instruments = Instruments()


def load_bench(path: Path) -> Bench:
    """Return the bench that a file describes; raises SiteRefusedError with every error in it."""
    bench = typed(path, read(path), Bench)
    found = bench.instruments.das
    if found is not None and found.file is not None:
        das = found.model_copy(update={"file": path.parent / found.file})
        bench = bench.model_copy(update={"instruments": bench.instruments.model_copy(update={"das": das})})
    return bench.model_copy(update={"site": path.parent / bench.site})

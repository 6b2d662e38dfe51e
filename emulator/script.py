"""Plays the script of a site file: acts on the plant, by time."""

import asyncio
from collections.abc import Iterable

import structlog

from config.instruments import INSTRUMENTS, told
from config.site import Act
from emulator.instruments import Instruments
from protocols.errors import ConfigError

_log = structlog.get_logger()


async def play(acts: Iterable[Act], instruments: Instruments, *, loop: bool) -> None:
    """Perform each act at its time; with `loop` begin again at the time of the last one. Raises ConfigError."""
    ordered = sorted(acts, key=lambda act: act.at_s)
    for act in ordered:
        if act.name not in INSTRUMENTS:
            raise ConfigError(f"emulation.script: there is no instrument {act.name!r}")
    clock = asyncio.get_running_loop()
    begun = clock.time()
    while ordered:
        for act in ordered:
            await asyncio.sleep(begun + act.at_s - clock.time())
            perform(act, instruments)
        begun = clock.time()
        if not loop or ordered[-1].at_s == 0:
            return


def perform(act: Act, instruments: Instruments) -> None:
    """Perform an act; one that finds no unit any more is skipped with a warning."""
    try:
        getattr(instruments, act.name)(**told(act))
    except ConfigError as error:
        _log.warning("act_skipped", act=act.name, reason=str(error))
    else:
        _log.info("act", act=act.name, **act.args)

"""The light on a unit's modules, piece by piece; a night is one long piece."""

from collections.abc import Iterator

from emulator.course import INSTANT
from emulator.source import Light, Source
from emulator.track import Line
from protocols.profile import Model

START_W, STOP_W = 2.0, 1.0
_NIGHT_S = 3600.0  # the longest dark piece


class Daylight:
    """What the source offers and what it means to a model: enough to start, too little to go on."""

    def __init__(self, source: Source, model: Model) -> None:
        self.source = source
        self._model = model
        self._known: Light | None = None

    def swap(self, source: Source) -> None:
        """Take other modules."""
        self.source, self._known = source, None

    def piece(self, t: float) -> Light:
        """Return the piece around `t`."""
        known = self._known
        if known is None or not known.power.start <= t < known.end:
            light = self.source.between_knots(t)
            known = self._known = self._night(light) if _dark(light) else light
        return known

    def _night(self, light: Light) -> Light:
        """Return a dark piece as long as the darkness, an hour at most: so a night costs next to nothing."""
        start = end = light.power.start
        while end < start + _NIGHT_S and _dark(light):
            end = light.end
            light = self.source.between_knots(end + INSTANT)
        dark = Line(start, end, 0.0, 0.0)
        return Light(dark, dark, dark)

    def lit(self, light: Light, t: float) -> bool:
        """Tell whether power and voltage suffice to start: voltage alone would do so at the first glimmer."""
        enough = self._model.starts_by_voltage or light.power.at(t) > START_W
        return enough and light.open_v.at(t) >= self._model.dc_start_v

    def starved(self, light: Light, t: float) -> bool:
        """Tell whether the power does not suffice to go on."""
        return light.power.at(t) < STOP_W

    def collapsed(self, light: Light, t: float) -> bool:
        """Tell whether the voltage does not."""
        return light.tracked_v.at(t) < self._model.dc_stop_v

    def turns(self, light: Light) -> Iterator[float]:
        """Yield when one of these changes within a piece."""
        levels = (light.power, START_W), (light.power, STOP_W)
        for line, level in (*levels, (light.open_v, self._model.dc_start_v), (light.tracked_v, self._model.dc_stop_v)):
            crossing = line.crossing(level)
            if crossing is not None:
                yield crossing


def _dark(light: Light) -> bool:
    return light.open_v.first == light.open_v.last == 0

"""What a unit sees of the grid from one instant on, and for how long nothing of it matters."""

from math import inf

from config.grid_profile import Mean
from emulator.course import INSTANT, leaves, part
from emulator.feeder import Fed, Terminal
from emulator.mean import WINDOW_S, MovingMean
from emulator.protection import NOWHERE, Watch
from emulator.stages import Quantity
from emulator.track import Line


class GridSensor:
    """Voltage, frequency and 10-minute mean at a unit's terminals.

    Far from every limit it costs nothing: the grid knows until when its voltage stays far enough even if the current
    of the whole plant came on top. Near one it follows every straight piece; above the limit of the mean it keeps
    that mean too.
    """

    def __init__(self, terminal: Terminal, unit: Fed, mean: Mean | None, v_nom: float) -> None:
        self._terminal = terminal
        self._supply = terminal.supply
        self._unit = unit
        self._squared = mean is not None and mean.mean == "rms"
        self._mean_v = inf if mean is None else mean.v * v_nom / 100
        self._mean: MovingMean | None = None
        self._hot_until = -inf  # so long the mean may rise although the voltage is below its limit
        self._piece: Line | None = None
        self._quiet_until = -inf  # so long nothing leaves the bands below, whatever the plant does
        self._bands = NOWHERE, NOWHERE

    def disturb(self) -> None:
        """Forget what was known: something is done to the grid."""
        self._quiet_until = -inf

    def rest(self) -> None:
        """See nothing: there is no power to look."""
        self.disturb()
        self._mean = self._piece = None
        self._terminal.service.watching.discard(self._unit)

    def quiet(self, t: float, volt: Watch, hertz: Watch) -> bool:
        """Tell whether a look from `t` on would find nothing new."""
        known = t < self._quiet_until and not volt.busy and not hertz.busy
        return known and volt.band is self._bands[0] and hertz.band is self._bands[1]

    def look(self, t: float) -> dict[Quantity, float | None]:
        """Return what is so from `t` on."""
        after = t + INSTANT
        volt = self._terminal.volt(after)
        if self._mean is None and volt > self._mean_v:
            self._mean = MovingMean(self._terminal.history(t - WINDOW_S, t), squared=self._squared)
        measured: dict[Quantity, float | None] = {Quantity.VOLT: volt, Quantity.HERTZ: self._hertz(after)}
        self._piece = None
        if self._mean is not None:
            self._piece = self._terminal.piece(t)
            measured[Quantity.MEAN] = self._mean.at(after, self._piece)
        return measured

    def _hertz(self, t: float) -> float | None:
        return self._supply.hertz_at(t) if self._supply.alive(t) else None

    def ends(self, t: float) -> dict[Quantity, float | None]:
        """Return voltage and frequency at `t`."""
        return {Quantity.VOLT: self._terminal.volt(t), Quantity.HERTZ: self._hertz(t)}

    def stays(self, t: float, volt: Watch, hertz: Watch, mean: Watch) -> float:
        """Return until when nothing leaves its band, from `t` on, after a look."""
        if self.quiet(t, volt, hertz):
            return self._quiet_until
        after = t + INSTANT
        until = self._supply.hertz_stays(after, *hertz.band)
        low, high = volt.band
        if self._mean is None:
            safe = high - self._terminal.most_v
            if low < self._supply.volt_at(after) < safe:
                self._terminal.service.watching.discard(self._unit)
                self._quiet_until = min(until, self._supply.volt_stays(after, low, safe))
                self._bands = volt.band, hertz.band
                return self._quiet_until
            self._piece = self._terminal.piece(t)
        self._quiet_until = -inf
        self._terminal.service.watching.add(self._unit)
        return min(until, self._follow(after, (low, high), mean.band))

    def _follow(self, after: float, volts: tuple[float, float], means: tuple[float, float]) -> float:
        piece = self._piece
        if piece is None:
            return inf
        out = leaves(piece, *volts)
        end = piece.end if out is None or out <= after else out
        return end if self._mean is None else min(end, self._mean.stays(after, piece, *means))

    def lived(self, start: float, end: float, *, needed: bool) -> None:
        """Add what was so between two instants to the mean; give it up when it can matter no more.

        `needed`: a timer is at work on it.
        """
        if self._mean is None or self._piece is None:
            return
        past = part(self._piece, start, end)
        self._mean.append(past)
        if max(past.first, past.last) > self._mean_v:
            self._hot_until = end + WINDOW_S
        if end > self._hot_until and not needed:
            self._mean = None

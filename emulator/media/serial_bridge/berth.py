"""The channel that a sub-GHz inverter is on."""

from math import inf

from protocols.errors import RemoteProtocolError
from protocols.modems.radio_frame import Main, Region, channel_of, decode, region_of

FORGETS_S = 900.0  # without contact


class Berth:
    """Waits on the boot channel until it is called to another.

    That is forgotten when the inverter boots, and when nobody has spoken to it for a quarter of an hour. `booted_at`
    is when it booted last.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self._called = region.boot
        self._spoken_to = -inf
        self._booted_at: float | None = None  # as of the last contact

    def channel(self, now: float, booted_at: float) -> int:
        """Return where the inverter listens."""
        kept = now - self._spoken_to < FORGETS_S and self._booted_at == booted_at
        return self._called if kept else self._region.boot

    def spoken_to(self, datagram: bytes, now: float, booted_at: float) -> bool:
        """Take note of a frame for the inverter; tell whether it was a call."""
        self._called = self.channel(now, booted_at)
        self._spoken_to, self._booted_at = now, booted_at
        if datagram[0] != Main.CHANNEL:
            return False
        try:
            frame = decode(datagram)
            if region_of(frame) is self._region and frame.index == self._region.index:
                self._called = channel_of(frame)
        except RemoteProtocolError:
            pass
        return True

"""CMT2300A: a frame once, on one of many channels; whoever is lost listens on the boot channel."""

from dataclasses import dataclass

from emulator.media.serial_bridge.air import Waveform
from protocols.modems.cmt2300a import air_s


def wave(frame: bytes) -> Waveform:
    """Return how a frame is sent."""
    return Waveform(air_s(len(frame)))


@dataclass(frozen=True, slots=True)
class Fixed:
    """A receiver that stays where it is."""

    number: int
    since: float

    def channel(self, start: float, end: float) -> int | None:  # noqa: ARG002 - it stays there to the end
        """Return the channel, None before the receiver was on."""
        return self.number if start >= self.since else None

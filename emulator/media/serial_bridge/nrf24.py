"""nRF24: five channels, a frame repeated on one of them, receivers that hop, and the answer on a channel of its own.

A sender takes the next of the five channels for every frame and repeats it blindly, as nobody acknowledges; in that
time a receiver that hops comes by once. An inverter answers three channels further on, where the sender begins to
listen.
"""

from dataclasses import dataclass

from emulator.media.serial_bridge.air import Waveform
from protocols.modems import nrf24

CHANNELS = len(nrf24.CHANNELS)  # they go by their index here
ANSWER_STEP = 3
HOP_S = 0.004
REPEATS = 15
REPEAT_GAP_S = 0.001


def wave(frame: bytes) -> Waveform:
    """Return how a frame is sent."""
    return Waveform(nrf24.air_s(len(frame)), 1 + REPEATS, REPEAT_GAP_S)


def answer_index(index: int) -> int:
    """Return the channel of the answer to what came on a channel."""
    return (index + ANSWER_STEP) % CHANNELS


@dataclass(frozen=True, slots=True)
class Hopping:
    """A receiver that begins on `first` and goes to the next channel every few milliseconds."""

    first: int
    since: float

    def channel(self, start: float, end: float) -> int | None:
        """Return the channel at both times, None when it has hopped between."""
        slot = (start - self.since) // HOP_S
        if slot < 0 or slot != (end - self.since) // HOP_S:
            return None
        return int(self.first + slot) % CHANNELS

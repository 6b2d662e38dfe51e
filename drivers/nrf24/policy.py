"""On which channel an nRF24L01+ is when, and for how long it listens: rules without I/O."""

from protocols.modems.nrf24 import CHANNELS

HOP_S = 0.004  # on one channel while listening
ANSWER_PLACES = 3  # from the channel of a request to that on which its answer most often begins
LISTEN_S = 2.5  # after a request: the slowest answer, that to a command, is waited for 2 s
SEND_S = 0.05  # a frame and its fifteen repeats, a millisecond apart, take 35 ms
RETRY_DELAY, RETRIES = 3, 15  # as the register counts: (3 + 1) x 250 us


class Hopping:
    """The place on the list of channels, for sending and for listening."""

    def __init__(self) -> None:
        self._sent = -1
        self._heard = 0

    def to_send(self) -> int:
        """Return the channel for the next request: each takes the next of the list."""
        self._sent = (self._sent + 1) % len(CHANNELS)
        self._heard = (self._sent + ANSWER_PLACES) % len(CHANNELS)
        return CHANNELS[self._sent]

    def to_listen(self) -> int:
        """Return the channel to listen on now."""
        return CHANNELS[self._heard]

    def hop(self) -> int:
        """Go to the next channel of the list and return it."""
        self._heard = (self._heard + 1) % len(CHANNELS)
        return CHANNELS[self._heard]

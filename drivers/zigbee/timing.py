"""How long messages take between this machine and a unit: UART, air, the unit itself.

Air: IEEE 802.15.4 at 2.4 GHz, 32 µs a byte. A frame has 33 bytes beside its data (PHY 6, MAC 11, NWK 8, APS 8), waits
3.5 backoff slots in the mean, is acknowledged after 192 µs by 11 bytes, and leaves 640 µs of silence behind it. What
does not fit into one frame of 127 bytes goes as fragments, one at a time, each acknowledged from end to end.
"""

from collections.abc import Sequence
from math import ceil

from drivers.zigbee.settings import ZigbeeSettings
from protocols.modems.znp.air import OVERHEAD
from protocols.modems.znp.frame import EXTRA

BYTE_S = 32e-6
FRAME_BYTES = 33
MOST_DATA = 100  # in one frame
FRAGMENT_BYTES = 3  # more APS header in a fragment
ACCESS_S = 3.5 * 320e-6 + 128e-6 + 192e-6  # mean backoff, look at the channel, change of direction
ACK_S = 192e-6 + 11 * BYTE_S
SILENCE_S = 640e-6
RELAY_S = 0.005  # ASSUMED: what a unit needs to pass a frame on
UNIT_S = 0.25  # ASSUMED: what a unit needs to answer; logs of gateways show 0.3 s and more from request to answer
GAP_S = 0.05  # ASSUMED: between two conversations; some gateways leave 0.2 s, without saying why
_UART_BITS = 10  # per byte: start, 8 data, stop
_REQUEST_BYTES = EXTRA + 11  # of a frame that hands over a message, beside the message
_INCOMING_BYTES = EXTRA + 20


def frame_s(data_bytes: int) -> float:
    """Return the time of one frame over one hop, acknowledged."""
    return ACCESS_S + (FRAME_BYTES + data_bytes) * BYTE_S + ACK_S + SILENCE_S


def message_s(data_bytes: int, hops: int) -> float:
    """Return the time of a message over all its hops."""
    if data_bytes <= MOST_DATA:
        return _way_s(data_bytes, hops)
    count = ceil(data_bytes / (MOST_DATA - FRAGMENT_BYTES))
    each = ceil(data_bytes / count) + FRAGMENT_BYTES
    return count * (_way_s(each, hops) + _way_s(0, hops))


def _way_s(data_bytes: int, hops: int) -> float:
    return hops * frame_s(data_bytes) + (hops - 1) * RELAY_S


def exchange_s(settings: ZigbeeSettings, request_bytes: int, answers: Sequence[int]) -> float:
    """Return the time of a request and its answer without the unit's own; bytes of datagrams."""
    uart_s = _UART_BITS / settings.baud
    asked = request_bytes - OVERHEAD
    said = [size - OVERHEAD for size in answers]
    there_s = (asked + _REQUEST_BYTES) * uart_s + message_s(asked, settings.hops)
    return there_s + sum(message_s(size, settings.hops) + (size + _INCOMING_BYTES) * uart_s for size in said)


def transaction_s(settings: ZigbeeSettings, request_bytes: int, answers: Sequence[int]) -> float:
    """Return the paper time of a request and its answer, with the unit's own time and the gap before the next."""
    return exchange_s(settings, request_bytes, answers) + (UNIT_S if answers else 0.0) + GAP_S

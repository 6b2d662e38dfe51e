"""The paper time of a poll, from the link's settings, the length of its frames and what is known of radios alone.

It imports nothing of the product: an error of the driver's own idea of paper time must show.

On a power line:

    question    node 1 | function 1 | register 2 | count 2 | CRC 2
    answer      node 1 | function 1 | bytes 1 | 20 registers of 2 | CRC 2

A frame of n bytes takes (n + overhead) · 8 / bit rate; each of the two needs one change of direction. What a framed
modem's own serial port adds is not paper time: the emulated one has none.

On the radio of a Hoymiles unit with two inputs: a question of 27 bytes, and 42 bytes of values with 2 of CRC in
fragments of 16, each with 11 bytes around it. Figures are those seen on real units.

    nRF24       first fragment 65 ms after the question (45 to 85 were seen), the others every 46 ms (42 to 50)
    CMT2300A    question and last fragment in the air, 10 ms before the unit answers, a fragment every 48.5 ms (47 to
                50); a frame of n bytes is 34 bytes, then n + 3 bytes of which each is sent as 14 bits

By ZigBee a question is the gateway's id 6 | FB FB, length, command, five bytes, sum 2 | FE FE, the answer of a QS1 its
serial 6 | 88 bytes. A frame has 33 bytes more (PHY 6, MAC 11, NWK 8, APS 8) at 32 µs each, waits 3.5 slots of 320 µs,
looks for 128 µs, turns in 192 µs, is acknowledged after 192 µs by 11 bytes, and leaves 640 µs free. On the UART, at ten
bits a byte, a message has 16 bytes more to the coordinator and 25 more from it. The unit takes 0.25 s, as assumed for
all of them, and 0.05 s are left before the next question.
"""

from collections.abc import Mapping

QUESTION_BYTES = 1 + 1 + 2 + 2 + 2
ANSWER_BYTES = 1 + 1 + 1 + 20 * 2 + 2
ZIGBEE_QUESTION_BYTES = 6 + 2 + 1 + 1 + 5 + 2 + 2
ZIGBEE_ANSWER_BYTES = 6 + 88
FRAGMENTS = (16, 16, 12)
NRF_FIRST_S, NRF_NEXT_S = 0.065, 0.046
CMT_THINKS_S, CMT_NEXT_S, CMT_BITS_PER_S = 0.010, 0.0485, 20_000


def poll_s(link: Mapping[str, object]) -> float:
    """Return the paper time of one poll; `link` is the section of the site file, with every setting written out."""
    byte_s = 8 / _number(link, "bit_rate")
    overhead = _number(link, "overhead_bytes")
    frames = (QUESTION_BYTES + overhead) * byte_s + (ANSWER_BYTES + overhead) * byte_s
    return frames + 2 * _number(link, "turnaround_s")


def nrf24_s(_: Mapping[str, object]) -> float:
    """Return the paper time of one poll by nRF24, whatever the link's settings are."""
    return NRF_FIRST_S + (len(FRAGMENTS) - 1) * NRF_NEXT_S


def cmt2300a_s(_: Mapping[str, object]) -> float:
    """Return the paper time of one poll by CMT2300A, whatever the link's settings are."""
    return _cmt_s(27) + CMT_THINKS_S + (len(FRAGMENTS) - 1) * CMT_NEXT_S + _cmt_s(11 + FRAGMENTS[-1])


def _cmt_s(frame_bytes: int) -> float:
    return (34 * 8 + (frame_bytes + 3) * 14) / CMT_BITS_PER_S


def zigbee_poll_s(link: Mapping[str, object]) -> float:
    """Return the paper time of one poll of a QS1 by ZigBee, with the unit's own time and the pause behind it."""
    byte_s, uart_s = 32e-6, 10 / _number(link, "baud")
    frame_s = 3.5 * 320e-6 + 128e-6 + 192e-6 + 192e-6 + 11 * byte_s + 640e-6
    air_s = sum(frame_s + (33 + size) * byte_s for size in (ZIGBEE_QUESTION_BYTES, ZIGBEE_ANSWER_BYTES))
    relays_s = 2 * (_number(link, "hops") - 1) * 0.005
    serial_s = (ZIGBEE_QUESTION_BYTES + 16 + ZIGBEE_ANSWER_BYTES + 25) * uart_s
    return _number(link, "hops") * air_s + relays_s + serial_s + 0.25 + 0.05


def _number(link: Mapping[str, object], name: str) -> float:
    value = link[name]
    if not isinstance(value, int | float):
        raise TypeError(f"link.{name} is {value!r}, no number")
    return float(value)

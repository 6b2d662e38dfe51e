"""The paper time of a poll on a line, from the link's settings and the length of its frames alone.

It imports nothing of the product: an error of the driver's own idea of paper time must show.

    question    node 1 | function 1 | register 2 | count 2 | CRC 2
    answer      node 1 | function 1 | bytes 1 | 20 registers of 2 | CRC 2

A frame of n bytes takes (n + overhead) · 8 / bit rate; each of the two needs one change of direction. What a framed
modem's own serial port adds is not paper time: the emulated one has none.
"""

from collections.abc import Mapping

QUESTION_BYTES = 1 + 1 + 2 + 2 + 2
ANSWER_BYTES = 1 + 1 + 1 + 20 * 2 + 2


def poll_s(link: Mapping[str, object]) -> float:
    """Return the paper time of one poll; `link` is the section of the site file, with every setting written out."""
    byte_s = 8 / _number(link, "bit_rate")
    overhead = _number(link, "overhead_bytes")
    frames = (QUESTION_BYTES + overhead) * byte_s + (ANSWER_BYTES + overhead) * byte_s
    return frames + 2 * _number(link, "turnaround_s")


def _number(link: Mapping[str, object], name: str) -> float:
    value = link[name]
    if not isinstance(value, int | float):
        raise TypeError(f"link.{name} is {value!r}, no number")
    return float(value)

"""The answer to a question for model and firmware (DC), in its three forms; the last two bytes are not understood.

body bytes   8   model  hi 2    ?       lo 2  ? ?                    firmware hi.lo
             9   DC     model   hi 2    00    lo 2   ? ?             the same behind a tag
            11   DC     model   hi 2    00    mid 2  lo 2  ? ?       hi.mid.lo; the place of mid is ASSUMED
"""

from dataclasses import dataclass

from protocols.vendors.apsystems.l2 import L2

QUESTION = 0xDC
TAGGED = 0xDD


@dataclass(frozen=True, slots=True)
class Identity:
    """What a unit says it is."""

    model: int
    version: tuple[int, ...]

    @property
    def firmware(self) -> str:
        """Return the version as a text."""
        return ".".join(str(part) for part in self.version)


def identity_of(frame: L2) -> Identity | None:
    """Return what an answer says, None when it is no answer about model and firmware."""
    body = frame.body
    match frame.command, len(body):
        case 0xDC, 8:
            return Identity(body[0], (_u16(body, 1), _u16(body, 4)))
        case 0xDD, 9 if body[0] == QUESTION:
            return Identity(body[1], (_u16(body, 2), _u16(body, 5)))
        case 0xDD, 11 if body[0] == QUESTION:
            return Identity(body[1], (_u16(body, 2), _u16(body, 5), _u16(body, 7)))
        case _:
            return None


def answer(identity: Identity, *, tagged: bool) -> L2:
    """Return a unit's answer; a version has two parts."""
    major, minor = (part.to_bytes(2, "big") for part in identity.version[:2])
    said = bytes((identity.model,)) + major + b"\0" + minor + bytes(2)
    return L2(TAGGED, bytes((QUESTION,)) + said) if tagged else L2(QUESTION, said)


def _u16(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 2], "big")

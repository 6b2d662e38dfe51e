"""The power limit: W per input, written by one command, read back from a page of parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.errors import RemoteProtocolError
from protocols.vendors.apsystems.family import Family
from protocols.vendors.apsystems.l2 import L2

LEAST_W, MOST_W = 20.0, 600.0  # per input: the range of an ECU begins at 20; 600 was written and read back on a DS3
PAGE_ANSWER = 0xDD  # command of a page of a DS3; the tag behind it says which
PAGE_B = 0xDE


@dataclass(frozen=True, slots=True)
class LimitForm:
    """How a family takes and shows its limit."""

    command: int
    broadcast: int
    head: bytes  # of the body
    tail: bytes
    w_num: int  # W = raw * w_num / w_den
    w_den: int
    floors: bool  # the raw number is cut, not rounded
    most_raw: int
    page_command: int
    tagged: bool  # the page's body begins with the tag DE
    at: int  # of the raw number in the page's body
    page_body: int  # bytes of the page's body

    def raw(self, watt: float) -> int:
        """Return the number for W per input, at most the largest that the family takes."""
        exact = watt * self.w_den / self.w_num
        return min(int(exact) if self.floors else round(exact), self.most_raw)

    def watt(self, raw: int) -> float:
        """Return W per input."""
        return raw * self.w_num / self.w_den

    def write(self, raw: int) -> L2:
        """Return the request that sets the limit of one unit."""
        return L2(self.command, self.head + raw.to_bytes(2, "big") + self.tail)

    def raw_of(self, body: bytes) -> int:
        """Return the limit in the body of page B; raises RemoteProtocolError when it is too short."""
        if len(body) < self.at + 2:
            raise RemoteProtocolError(f"page B of {len(body)} bytes")
        return int.from_bytes(body[self.at : self.at + 2], "big")


QS1_FORM = LimitForm(
    command=0x1C,
    broadcast=0x2C,
    head=bytes.fromhex("8C02"),
    tail=b"\0",
    w_num=256,
    w_den=7395,
    floors=True,
    most_raw=0xFFFF,
    page_command=PAGE_B,
    tagged=False,
    at=0x46,
    page_body=76,
)
DS3_FORM = LimitForm(
    command=0xAA,
    broadcast=0xAB,
    head=bytes.fromhex("270000"),
    tail=b"",
    w_num=6027,
    w_den=100_000,
    floors=False,
    most_raw=0x474C,
    page_command=PAGE_ANSWER,
    tagged=True,
    at=3,
    page_body=91,
)
FORMS: Mapping[Family, LimitForm] = {  # how a QT2 takes a limit is not known
    **dict.fromkeys((Family.YC600, Family.QS1, Family.QS1A), QS1_FORM),
    Family.DS3: DS3_FORM,
}


def page_form(frame: L2) -> LimitForm | None:
    """Return the form of a frame that is page B, None when it is something else."""
    for form in (QS1_FORM, DS3_FORM):
        if frame.command == form.page_command and len(frame.body) == form.page_body:
            return form if not form.tagged or frame.body[0] == PAGE_B else None
    return None

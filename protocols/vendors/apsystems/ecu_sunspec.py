"""The SunSpec port of a stock gateway: a chain for each unit, at addresses that never change.

40000 mark   40002 model 1   40070 model 101 or 103   40122 model 111 or 113   40184 model 123   40210 end

Registers 40000 to 40300 answer, all others and unknown units are silent. What stands behind the end is a model of the
vendor's own whose layout is not public; here it reads as not implemented.
"""

from protocols.modbus.register_map import Block
from protocols.sunspec.chain import BASE, END, MARK, Chain, placed
from protocols.sunspec.models import COMMON, CONTROLS, inverter, inverter_float

LAST = 40300
_W_SF, _A_SF, _PF_SF = -1, -2, -3
_ALL_INPUTS = 0  # several inputs have no one voltage


def stock_chain(phases: int) -> Chain:
    """Return the models of a unit and the registers where they begin."""
    whole = inverter(phases, _W_SF, _A_SF, _ALL_INPUTS, _PF_SF)
    return placed((COMMON, whole, inverter_float(phases), CONTROLS))


def around(chain: Chain) -> tuple[Block, Block, Block]:
    """Return what stands before, right behind and far behind the models."""
    last_at, last = chain[-1]
    end = last_at + last.size // 2
    behind = end + len(END) // 2
    rest = b"\xff\xff" * (LAST + 1 - behind)
    return (
        Block(BASE, len(MARK) // 2, lambda _: MARK),
        Block(end, len(END) // 2, lambda _: END),
        Block(behind, len(rest) // 2, lambda _: rest),
    )

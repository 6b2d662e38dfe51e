"""Values that follow from others, for devices that do not send them."""

from collections.abc import Mapping
from math import hypot

from protocols.points import PF, VA, VAR, Channel, Number, Value, W


def derived(values: Mapping[Channel, Value]) -> dict[Channel, Value]:
    """Return apparent power and power factor from active and reactive power, where the device sends neither.

    The power factor of nothing is not known; its sign is the active power's (IEC 61557-12).
    """
    watt, var = values.get(_W), values.get(_VAR)
    if _PF in values or not isinstance(watt, Number) or not isinstance(var, Number):
        return {}
    va = hypot(watt, var)
    return {_VA: va, _PF: watt / va if va else None}


_W, _VAR, _VA, _PF = Channel(W), Channel(VAR), Channel(VA), Channel(PF)

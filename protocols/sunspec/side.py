"""A device as a SunSpec chain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.events import Event, EventKind
from protocols.layout import Layout
from protocols.modbus.register_map import Block
from protocols.points import VR, Channel, Value
from protocols.profile import Device
from protocols.sunspec import chain
from protocols.sunspec.model_123 import Model123
from protocols.sunspec.models import CONTROLS
from protocols.sunspec.view import Nameplate, view


@dataclass(frozen=True, slots=True)
class Maker:
    """What a maker puts into the chain; `kinds` are the events of alarm codes, `pf_min` as in the nameplate."""

    name: str
    options: str
    kinds: Mapping[int, EventKind]
    pf_min: float | None = None


class SunSpecSide:
    """The blocks of the chain; `controls_at` is where model 123 begins."""

    def __init__(self, device: Device, maker: Maker) -> None:
        self.controls = Model123(device)
        self._device = device
        self._maker = maker
        self._models = chain.chain(device.model.ports)
        self.controls_at = next(at for at, layout in self._models if layout is CONTROLS)

    def blocks(self, node: Callable[[], int]) -> tuple[Block, ...]:
        """Return mark, models and end model; `node` tells the unit's address."""
        last_at, last = self._models[-1]
        return (
            Block(chain.BASE, len(chain.MARK) // 2, lambda _: chain.MARK),
            *(Block(at, layout.size // 2, self._packed(layout, node)) for at, layout in self._models),
            Block(last_at + last.size // 2, len(chain.END) // 2, lambda _: chain.END),
        )

    def _packed(self, layout: Layout, node: Callable[[], int]) -> Callable[[float], bytes]:
        return lambda now: layout.pack(self._values(node(), now))

    def _values(self, node: int, now: float) -> dict[Channel, Value]:
        device, values, alarms = self._device, self._device.values(now), self._device.alarms(now)
        firmware = values.get(Channel(VR))
        plate = Nameplate(
            maker=self._maker.name,
            model=device.model.name,
            options=self._maker.options,
            firmware=None if firmware is None else str(firmware),
            serial=device.serial,
            node=node,
            ports=device.model.ports,
            rated_w=device.model.rated_w,
            rated_a=device.model.rated_a,
            pf_min=self._maker.pf_min,
            v_nom=device.grid_profile.v_nom,
            hz_nom=device.grid_profile.hz_nom,
        )
        events = [Event(code, kind, "", code) for code, kind in self._maker.kinds.items() if code in alarms]
        word = sum(1 << code - 1 for code in alarms)
        return view(values, plate, self.controls.limit(now), events, word)

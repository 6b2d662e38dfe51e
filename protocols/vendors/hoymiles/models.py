"""The models, by the names on their labels.

Rated power is what the hardware part number stands for. Of the other figures only those of the HMS-1000-2T are
published where we could read them; the rest are **assumed** to be like it, with 60 V as the most that an HM takes.
"""

from collections.abc import Iterable, Mapping

from protocols.layout import Layout
from protocols.profile import Model
from protocols.vendors.hoymiles import layout as y
from protocols.vendors.hoymiles.serials import family

RATED_W: Mapping[int, int] = {  # hardware part number, first three bytes → rated power
    **dict.fromkeys((0x101010,), 300),
    **dict.fromkeys((0x101020, 0x102021), 350),
    **dict.fromkeys((0x101030, 0x101040, 0x102041), 400),
    **dict.fromkeys((0x101051, 0x102051), 450),
    **dict.fromkeys((0x101071, 0x102071), 500),
    **dict.fromkeys((0x101110, 0x102111, 0xF10110), 600),
    **dict.fromkeys((0x101120, 0x102121), 700),
    **dict.fromkeys((0x101130, 0x101140, 0x102141, 0x101141, 0xF10114), 800),
    **dict.fromkeys((0x101151, 0x102151), 900),
    **dict.fromkeys((0x101200, 0x101171, 0x102171), 1000),
    **dict.fromkeys((0x101210,), 1200),
    **dict.fromkeys((0x101230, 0x100230), 1500),
    **dict.fromkeys((0x102241, 0x103241, 0xF10124), 1600),
    **dict.fromkeys((0x101251, 0x102251, 0x103251, 0x103311, 0xF10122), 1800),
    **dict.fromkeys((0x101271, 0x102271, 0x103271), 2000),
    0x103331: 2250,
    0x102011: 300,
}
CAPPED = {0x10101015: 210}  # a whole part number: HM-300 for markets that allow no more
GARBAGE_PART = 124097  # inverters send it now and then, with a right CRC: ask again

_GRID_V = 230.0
_SOURCE = "published figures of the HMS-1000-2T: start-up and currents not re-checked"
_ASSUMED = "rated power from the hardware part number; the other figures are assumed, after the HMS-1000-2T"


def rated_w(part: int) -> int | None:
    """Return the rated power of a hardware part number, None where no source tells it."""
    return CAPPED.get(part, RATED_W.get(part >> 8))


def part_number(model: Model) -> int:
    """Return a hardware part number of a model: what an emulated unit says of itself; 0 where no source tells one."""
    wanted = _PART_BYTES.get(model.name.split("-")[0], ())
    return next((part << 8 for part, watt in RATED_W.items() if watt == model.rated_w and part >> 8 in wanted), 0)


_PART_BYTES = {
    "HM": (0x1010, 0x1011, 0x1012),
    "HMS": (0x1020, 0x1021, 0x1022),
    "HMT": (0x1032, 0x1033),
    "HERF": (0xF101,),
}


def fits(serial: str, model: Model) -> bool:
    """Tell whether a unit with a serial may be of a model: of the same series, with as many inputs."""
    found = family(serial)
    if found is None:
        return True
    series = found.name.split("-")[0]
    return (_LABELS.get(series, series), found.ports) == (model.name.split("-")[0], model.ports)


_LABELS = {"MI": "HM"}  # the third generation of the MI is an HM by another name


def live_layout(model: Model) -> Layout:
    """Return the layout of a model's live payload; of a name with two hardware versions that of the longer."""
    return _LIVE[model.name.split("-")[0], model.ports]


_LIVE: Mapping[tuple[str, int], Layout] = {
    ("HM", 1): y.ONE_INPUT,
    ("HM", 2): y.HM_2T,
    ("HM", 4): y.HM_4T,
    ("HMS", 1): y.HMS_1T_V2,
    ("HMS", 2): y.HMS_2T,
    ("HMS", 4): y.HMS_4T,
    ("HMT", 4): y.HMT_4T,
    ("HMT", 6): y.HMT_6T,
    ("MIT", 4): y.MIT_8T,
    ("HERF", 1): y.HMS_1T_V2,
    ("HERF", 2): y.HMS_2T,
    ("HERF", 4): y.HM_4T,
}


def _models(form: str, ports: int, ratings: Iterable[int], phases: int = 1, dc_max_v: float = 65.0) -> dict[str, Model]:
    names = {form.format(watt): watt for watt in ratings}
    return {name: _model(name, watt, ports, phases, dc_max_v) for name, watt in names.items()}


def _model(name: str, watt: int, ports: int, phases: int, dc_max_v: float) -> Model:
    return Model(
        name=name,
        ports=ports,
        rated_w=watt,
        rated_a=round(watt / phases / _GRID_V, 2),
        dc_start_v=22.0,
        dc_stop_v=16.0,
        dc_max_v=dc_max_v,
        dc_max_a=16.0,
        units_per_breaker={},
        source=_SOURCE if name == "HMS-1000-2T" else _ASSUMED,
        phases=phases,
        starts_by_voltage=True,
    )


MODELS: Mapping[str, Model] = {
    **_models("HM-{}", 1, (300, 350, 400), dc_max_v=60.0),
    **_models("HM-{}", 2, (600, 700, 800), dc_max_v=60.0),
    **_models("HM-{}", 4, (1000, 1200, 1500), dc_max_v=60.0),
    **_models("HMS-{}-1T", 1, (300, 350, 400, 450, 500)),
    **_models("HMS-{}-2T", 2, (600, 700, 800, 900, 1000)),
    **_models("HMS-{}-4T", 4, (1600, 1800, 2000)),
    **_models("HMT-{}-4T", 4, (1600, 1800, 2000), phases=3),
    **_models("HMT-{}-6T", 6, (1800, 2250), phases=3),
    **_models("MIT-{}-8T", 4, (4000, 4500, 5000), phases=3),
    **_models("HERF-{}", 1, (300,)),
    **_models("HERF-{}", 2, (600, 800)),
    **_models("HERF-{}", 4, (1600, 1800)),
}

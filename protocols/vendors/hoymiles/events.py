"""What the codes of the alarm log mean, and to which alarm 1-10 they belong.

Derating and what the owner ordered himself are no alarms (71-73, 123, 124), nor is a suspected theft (122); whatever
says that the grid is gone is code 2, with the event's text as the cause (146-149). Codes above 4095 are MI's of the
second generation, whose status bytes their DTU turns into codes.
"""

from collections.abc import Iterable, Mapping

from protocols.events import Event, EventKind
from protocols.points import ALRM, DCV, HZ, LNV, Channel, Point, Value

K = EventKind
PHASES = Point("Phases", None, "phases of the unit: some codes mean something else on three")

_ROWS: tuple[tuple[int, EventKind, int | None, int, str], ...] = (  # code, kind, alarm, port, text
    (1, K.MANUFACTURER_ALRM, None, 0, "inverter started"),
    (2, K.MANUFACTURER_ALRM, None, 0, "clock was set"),
    (3, K.MEMORY_LOSS, 10, 0, "EEPROM error in operation"),
    (4, K.MANUFACTURER_ALRM, None, 0, "offline"),
    (11, K.AC_OVER_VOLT, 5, 0, "surge of the grid voltage"),
    (12, K.AC_UNDER_VOLT, 4, 0, "dip of the grid voltage"),
    (13, K.MANUFACTURER_ALRM, 8, 0, "jump of the grid frequency"),
    (14, K.MANUFACTURER_ALRM, 8, 0, "jump of the grid's phase"),
    (15, K.MANUFACTURER_ALRM, 8, 0, "transient on the grid"),
    (36, K.MANUFACTURER_ALRM, 8, 0, "over-voltage or over-current in the inverter stage"),
    (46, K.MANUFACTURER_ALRM, 8, 0, "over-voltage in the flyback stage"),
    (47, K.MANUFACTURER_ALRM, 8, 0, "over-current in the flyback stage"),
    (48, K.MANUFACTURER_ALRM, 8, 0, "over-voltage at the flyback clamp"),
    (49, K.MANUFACTURER_ALRM, 8, 0, "over-voltage at the flyback clamp"),
    (50, K.MANUFACTURER_ALRM, 8, 0, "early warning of over-current in the flyback stage"),
    (52, K.HW_TEST_FAILURE, 10, 0, "inner DC voltage too low"),
    (61, K.HW_TEST_FAILURE, 10, 0, "calibration parameters are wrong"),
    (62, K.HW_TEST_FAILURE, 10, 0, "system parameters are wrong"),
    (63, K.HW_TEST_FAILURE, 10, 0, "generation data are wrong"),
    (71, K.AC_OVER_VOLT, None, 0, "power reduced: grid voltage is high"),
    (72, K.OVER_FREQUENCY, None, 0, "power reduced: grid frequency is high"),
    (73, K.OVER_TEMP, None, 0, "power reduced: the unit is hot"),
    *((94 + n, K.MANUFACTURER_ALRM, None, n, "module may be shaded") for n in range(1, 5)),
    (121, K.OVER_TEMP, 8, 0, "over-temperature"),
    (122, K.MANUFACTURER_ALRM, None, 0, "theft suspected"),
    (123, K.MANUAL_SHUTDOWN, None, 0, "locked by command"),
    (124, K.MANUAL_SHUTDOWN, None, 0, "shut down by command"),
    (125, K.HW_TEST_FAILURE, 10, 0, "parameters of the grid profile are wrong"),
    (126, K.MEMORY_LOSS, 10, 0, "software or EEPROM error"),
    (127, K.HW_TEST_FAILURE, 10, 0, "firmware error"),
    (128, K.HW_TEST_FAILURE, 10, 0, "hardware configuration error"),
    (129, K.HW_TEST_FAILURE, 10, 0, "abnormal bias"),
    (130, K.MANUFACTURER_ALRM, None, 0, "its DTU could not reach it"),
    (141, K.AC_OVER_VOLT, 5, 0, "grid voltage too high"),
    (142, K.AC_OVER_VOLT, 5, 0, "grid voltage too high in the mean of ten minutes"),
    (143, K.AC_UNDER_VOLT, 4, 0, "grid voltage too low"),
    (144, K.OVER_FREQUENCY, 6, 0, "grid frequency too high"),
    (145, K.UNDER_FREQUENCY, 3, 0, "grid frequency too low"),
    (146, K.GRID_DISCONNECT, 2, 0, "grid frequency changes too fast"),
    (147, K.GRID_DISCONNECT, 2, 0, "no grid"),
    (148, K.GRID_DISCONNECT, 2, 0, "grid disconnected"),
    (149, K.GRID_DISCONNECT, 2, 0, "island detected"),
    (150, K.MANUFACTURER_ALRM, 7, 0, "too much DC in the output current"),
    (152, K.MANUFACTURER_ALRM, 8, 0, "phase of the grid jumped too often"),
    (171, K.MANUFACTURER_ALRM, 8, 0, "phases of the grid differ too much"),
    (181, K.GROUND_FAULT, 9, 0, "insulation of the DC side too low"),
    (182, K.GROUND_FAULT, 9, 0, "grounding is wrong"),
    (205, K.DC_OVER_VOLT, 1, 0, "DC voltage of tracker A too high"),
    (206, K.DC_OVER_VOLT, 1, 0, "DC voltage of tracker B too high"),
    (207, K.DC_DISCONNECT, None, 0, "DC voltage of tracker A too low"),
    (208, K.DC_DISCONNECT, None, 0, "DC voltage of tracker B too low"),
    *((208 + n, K.DC_DISCONNECT, None, n, "no module at the input") for n in range(1, 5)),
    (213, K.MANUFACTURER_ALRM, None, 1, "inputs 1 and 2 are wired wrong"),
    (214, K.MANUFACTURER_ALRM, None, 3, "inputs 3 and 4 are wired wrong"),
    *((213 + 2 * n, K.DC_OVER_VOLT, 1, n, "DC voltage too high") for n in range(1, 5)),
    *((214 + 2 * n, K.DC_DISCONNECT, None, n, "DC voltage too low") for n in range(1, 5)),
    (223, K.MANUFACTURER_ALRM, None, 0, "not known"),
    (301, K.HW_TEST_FAILURE, 10, 0, "short circuit in flyback A"),
    (302, K.HW_TEST_FAILURE, 10, 0, "short circuit in flyback B"),
    (303, K.HW_TEST_FAILURE, 10, 0, "over-current protection of flyback A failed"),
    (304, K.HW_TEST_FAILURE, 10, 0, "over-current protection of flyback B failed"),
    (305, K.HW_TEST_FAILURE, 10, 0, "clamp of flyback A failed"),
    (306, K.HW_TEST_FAILURE, 10, 0, "clamp of flyback B failed"),
    (307, K.HW_TEST_FAILURE, 10, 0, "power stage of the inverter failed"),
    (308, K.HW_TEST_FAILURE, 10, 0, "over-current or over-voltage protection of the inverter failed"),
    *((code, K.HW_TEST_FAILURE, 10, 0, "hardware error") for code in range(309, 315)),
    (1111, K.MANUFACTURER_ALRM, None, 0, "repeater"),
    *((code, K.MANUFACTURER_ALRM, None, 0, "standby") for code in range(2000, 2005)),
    *((code, K.MANUFACTURER_ALRM, None, 0, "reset") for code in range(3001, 3005)),
    *((5010 + n, K.MANUFACTURER_ALRM, 8, n, "over-current in the input's switch") for n in range(1, 5)),
    (5020, K.MANUFACTURER_ALRM, 8, 0, "over-current or over-voltage in the bridge"),
    *((5040 + n, K.MANUFACTURER_ALRM, 8, n, "over-current at the input") for n in range(1, 5)),
    *((5050 + n, K.DC_OVER_VOLT, 1, n, "DC voltage too high") for n in range(1, 5)),
    (5060, K.HW_TEST_FAILURE, 10, 0, "abnormal bias"),
    (5070, K.OVER_TEMP, 8, 0, "over-temperature"),
    (5080, K.AC_OVER_VOLT, 5, 0, "grid voltage too high"),
    (5090, K.OVER_FREQUENCY, 6, 0, "grid frequency too high"),
    (5100, K.GRID_DISCONNECT, 2, 0, "island detected"),
    (5110, K.GROUND_FAULT, 9, 0, "ground fault"),
    (5120, K.MEMORY_LOSS, 10, 0, "EEPROM error"),
    *((5140 + n, K.MANUFACTURER_ALRM, 8, n, "over-voltage at the flyback clamp") for n in range(1, 5)),
    (5150, K.AC_OVER_VOLT, 5, 0, "grid voltage too high in the mean of ten minutes"),
    (5160, K.MANUFACTURER_ALRM, 8, 0, "transient on the grid"),
    (5200, K.HW_TEST_FAILURE, 10, 0, "firmware error"),
    *((5510 + n, K.MANUFACTURER_ALRM, 8, n, "over-current in the input's switch, by hardware") for n in range(1, 5)),
    (5520, K.MANUFACTURER_ALRM, 8, 0, "over-current or over-voltage in the bridge"),
    (8310, K.MANUAL_SHUTDOWN, None, 0, "shut down by command"),
    (8320, K.MANUAL_SHUTDOWN, None, 0, "locked by command"),
    (9000, K.MANUFACTURER_ALRM, None, 0, "theft suspected"),
)
_THREE_PHASE_ROWS = (
    (215, K.DC_OVER_VOLT, 1, 0, "DC voltage of tracker C too high"),
    (216, K.DC_DISCONNECT, None, 0, "DC voltage of tracker C too low"),
    (217, K.DC_DISCONNECT, None, 5, "no module at the input"),
    (218, K.DC_DISCONNECT, None, 6, "no module at the input"),
    (219, K.MANUFACTURER_ALRM, None, 5, "inputs 5 and 6 are wired wrong"),
    (221, K.MANUFACTURER_ALRM, 8, 0, "neutral of the grid is wired wrong"),
)
EVENTS: Mapping[int, Event] = {code: Event(code, kind, text, alarm, port) for code, kind, alarm, port, text in _ROWS}
THREE_PHASE: Mapping[int, Event] = {
    **{code: event for code, event in EVENTS.items() if code not in (220, 222)},
    **{code: Event(code, kind, text, alarm, port) for code, kind, alarm, port, text in _THREE_PHASE_ROWS},
}

# The code that an emulated unit logs for an alarm; on three phases inputs have no over-voltage codes of their own.
PRIMARY: Mapping[int, int] = {1: 215, 2: 147, 3: 145, 4: 143, 5: 141, 6: 144, 7: 150, 8: 121, 9: 181, 10: 308}
PRIMARY_THREE_PHASE: Mapping[int, int] = {**PRIMARY, 1: 205}

_LOW = {  # codes that mean either side: the event when the measured value is low
    5080: Event(5080, K.AC_UNDER_VOLT, "grid voltage too low", 4),
    5090: Event(5090, K.UNDER_FREQUENCY, "grid frequency too low", 3),
    **{5050 + n: Event(5050 + n, K.DC_DISCONNECT, "DC voltage too low", None, n) for n in range(1, 5)},
}
_NOMINAL_V, _MODULE_V = 230.0, 40.0  # nearer to which side a value stands: a module's working voltage is below 40 V


def event(code: int, phases: int = 1) -> Event:
    """Return the event of a code; one that no source lists is an event of the maker's, no alarm."""
    known = (THREE_PHASE if phases > 1 else EVENTS).get(code)
    return known or Event(code, K.MANUFACTURER_ALRM, f"code {code}, not known")


def standing_text(codes: Iterable[int]) -> str:
    """Return standing codes as the value of ALRM: numbers, blanks between."""
    return " ".join(str(code) for code in sorted(set(codes)))


def events(values: Mapping[Channel, Value]) -> frozenset[Event]:
    """Return the events that stand, by the codes that were read from the alarm log."""
    text, phases = values.get(Channel(ALRM)), values.get(Channel(PHASES))
    if not isinstance(text, str):
        return frozenset()
    lines = phases if isinstance(phases, int) else 1
    return frozenset(_sided(event(int(code), lines), values) for code in text.split())


def _sided(found: Event, values: Mapping[Channel, Value]) -> Event:
    low = _LOW.get(found.code)
    return low if low is not None and _is_low(found, values) else found


def _is_low(found: Event, values: Mapping[Channel, Value]) -> bool:
    match found.kind:
        case K.AC_OVER_VOLT:
            return _below(values.get(Channel(LNV)), _NOMINAL_V)
        case K.OVER_FREQUENCY:
            hz = values.get(Channel(HZ))
            return _below(hz, 60.0 if isinstance(hz, int | float) and hz > 55.0 else 50.0)
        case _:
            return _below(values.get(Channel(DCV, found.port)), _MODULE_V)


def _below(value: Value, limit: float) -> bool:
    return isinstance(value, int | float) and value < limit

"""What the SunSpec models say of an inverter, beyond what one vendor's units can show."""

import pytest

from protocols.events import Event, EventKind
from protocols.points import CONN, DCA, DCV, DCW, DCWH_INJ, PF, TOT_WH_INJ, VA, VAR, Channel, W
from protocols.sunspec import models
from protocols.sunspec.chain import BASE, chain
from protocols.sunspec.view import Limit, Nameplate, view
from tests.support.device import running

PLATE = Nameplate(
    maker="Acme",
    model="A-1000",
    options="",
    firmware=None,
    serial="1",
    node=1,
    ports=2,
    rated_w=1000.0,
    rated_a=4.35,
    pf_min=0.8,
    v_nom=230.0,
    hz_nom=50.0,
)


def seen(changes: dict[Channel, object] | None = None, events: tuple[Event, ...] = ()) -> dict[Channel, object]:
    values = running(ports=2) | (changes or {})
    return dict(view(values, PLATE, Limit(100.0, enabled=False), events, 0))  # type: ignore[arg-type]


def test_each_input_has_its_own_values() -> None:
    changes: dict[Channel, object] = {
        Channel(DCV, 2): 40.5,
        Channel(DCA, 2): 1.25,
        Channel(DCW, 2): 50.6,
        Channel(DCWH_INJ, 1): 10,
        Channel(DCWH_INJ, 2): 20,
    }
    layout = models.mppt(2)
    values = layout.unpack(layout.pack(seen(changes)))  # type: ignore[arg-type]
    assert layout.size == 2 * (2 + 8 + 2 * 20)
    assert [values[Channel(point, 1)] for point in (DCV, DCA, DCW, DCWH_INJ)] == [36.25, 8.875, 321.7, 10]
    assert [values[Channel(point, 2)] for point in (DCV, DCA, DCW, DCWH_INJ)] == [40.5, 1.25, 50.6, 20]


def test_the_chain_grows_with_the_inputs() -> None:
    assert [at for at, _ in chain(1)] == [BASE + 2, 40070, 40122, 40150, 40182, 40228, 40254]
    assert [(at, layout.size // 2) for at, layout in chain(4)][-1] == (40254, 90)


@pytest.mark.parametrize(
    ("w", "var", "va", "pf"),
    [
        (300.0, 400.0, 500.0, 0.6),
        (300.0, -400.0, 500.0, 0.6),
        (0.0, 0.0, 0.0, None),
        (None, 10.0, None, None),
        (300.0, None, 300.0, 1.0),
    ],
    ids=["lagging", "leading", "nothing", "power not available", "reactive power not available"],
)
def test_apparent_power_follows_from_the_parts(
    w: float | None, var: float | None, va: float | None, pf: float | None
) -> None:
    values = seen({Channel(W): w, Channel(VAR): var})
    assert (values[Channel(VA)], values[Channel(PF)]) == (va, pf)


@pytest.mark.parametrize(("total", "shown"), [(0, None), (1, 1), (2**32 - 1, 2**32 - 1), (2**32 + 5, 5)])
def test_an_energy_counter_goes_round_and_has_no_zero(total: int, shown: int | None) -> None:
    assert seen({Channel(TOT_WH_INJ): total})[Channel(TOT_WH_INJ)] == shown


@pytest.mark.parametrize("kind", list(EventKind), ids=lambda kind: kind.name)
def test_an_event_is_a_bit_of_its_own(kind: EventKind) -> None:
    bit = seen(events=(Event(1, kind, "x"),))[Channel(models.EVT1)]
    assert bit == (1 << kind if kind != EventKind.MANUFACTURER_ALRM else 0)


DC_BITS = {
    EventKind.GROUND_FAULT: 0,
    EventKind.DC_OVER_VOLT: 1,
    EventKind.DC_DISCONNECT: 3,
    EventKind.MANUAL_SHUTDOWN: 6,
    EventKind.OVER_TEMP: 7,
    EventKind.HW_TEST_FAILURE: 20,
}


@pytest.mark.parametrize("kind", list(EventKind), ids=lambda kind: kind.name)
def test_some_events_are_bits_of_the_inputs(kind: EventKind) -> None:
    values = seen(events=(Event(1, kind, "x"),))
    expected = 1 << DC_BITS[kind] if kind in DC_BITS else 0
    assert [values[Channel(models.DC_EVT, port)] for port in range(3)] == [expected] * 3


@pytest.mark.parametrize(
    ("volts", "watts", "bits"),
    [((0, 0), (0, 0), 0), ((30, 0), (0, 0), 3), ((0, 30), (0, 5), 7), ((30, 30), (5, 0), 7)],
    ids=["dark", "one lit", "the second produces", "the first produces"],
)
def test_one_input_is_enough_to_be_available(volts: tuple[int, int], watts: tuple[int, int], bits: int) -> None:
    changes: dict[Channel, object] = {Channel(DCV, n): volt for n, volt in enumerate(volts, 1)}
    changes |= {Channel(DCW, n): watt for n, watt in enumerate(watts, 1)}
    assert seen(changes)[Channel(models.PV_CONN)] == bits


def test_two_causes_of_one_event_are_one_bit() -> None:
    events = (Event(1, EventKind.OVER_TEMP, "x"), Event(2, EventKind.OVER_TEMP, "y"))
    assert seen(events=events)[Channel(models.EVT1)] == 1 << EventKind.OVER_TEMP


def test_the_owner_s_stop_shows_at_the_inputs_too() -> None:
    values = seen({Channel(CONN): 0})
    assert (values[Channel(models.EVT1)], values[Channel(models.DC_EVT)], values[Channel(models.DC_EVT, 2)]) == (
        64,
        64,
        64,
    )

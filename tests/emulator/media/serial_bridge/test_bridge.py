"""Bridges of both kinds with units on their air, asked byte by byte as a host does."""

import asyncio
from itertools import pairwise
from random import Random

import pytest

from emulator.faults import Faults, FaultyResponder
from emulator.media.serial_bridge import bridge
from emulator.media.serial_bridge.bridge import Bridge
from protocols.modems.radio_frame import (
    OWN_MODULE,
    Main,
    RadioFrame,
    Region,
    channel_change,
    module_query,
)
from protocols.vendors.hoymiles.requests import DataType, again
from protocols.vendors.hoymiles.responder import Habits, InverterSide
from protocols.vendors.hoymiles.serials import inverter_address
from tests.support.emulated import MIDNIGHT, unit
from tests.support.radio import DTU, HM, HMS, Heard, Host, asked, hung, medium
from tests.support.virtual_time import run

CALL = channel_change(inverter_address(HMS), DTU, Region.EU, Region.EU.work)
ITSELF = channel_change(0, 0, Region.EU, 0x18, index=OWN_MODULE)


def conversation(
    radio: str, *requests: bytes | float, serial: str, habits: Habits | None = None, stuffed: bool = True
) -> list[list[Heard]]:
    """Return what is heard after each request; a number is a pause of so many seconds."""

    async def talk() -> list[list[Heard]]:
        air = medium(radio, stuffed=stuffed)
        hung(air, serial, habits=habits)
        host = Host(air.modem, stuffed=stuffed)
        found = []
        for request in requests:
            if isinstance(request, bytes):
                found.append(await host.ask(request))
            else:
                await asyncio.sleep(request)
        await host.leave()
        return found

    return run(talk())


def numbers(heard: list[Heard]) -> list[int]:
    return [each.frame.number for each in heard]


@pytest.mark.parametrize("stuffed", [True, False])
@pytest.mark.parametrize(
    ("radio", "serial", "first", "spacing"),
    [
        ("nrf24", HM, (0.036, 0.086), (0.022, 0.07)),
        ("cmt2300a", HMS, (0.07, 0.09), (0.044, 0.05)),
    ],  # the last is shorter,
)
def test_an_answer_comes_in_fragments_at_the_pace_of_the_radio(
    radio: str, serial: str, first: tuple[float, float], spacing: tuple[float, float], *, stuffed: bool
) -> None:
    requests = [asked(serial)] * 20
    told = conversation(radio, *([] if radio == "nrf24" else [CALL]), *requests, serial=serial, stuffed=stuffed)
    for heard in told[-20:]:
        assert [each.frame.index for each in heard] == [1, 2, 0x83]
        gaps = [later.at - sooner.at for sooner, later in pairwise(heard)]
        assert first[0] <= heard[0].at <= first[1]
        assert all(spacing[0] <= gap <= spacing[1] for gap in gaps)


def test_one_fragment_is_sent_again() -> None:
    node = inverter_address(HM)
    whole, single = conversation("nrf24", asked(HM), again(node, DTU, 2).encode(), serial=HM)
    assert [each.frame for each in single] == [whole[1].frame]
    assert single[0].at < 0.1


def test_a_unit_with_newer_firmware_delivers_every_third_fragment_in_its_time() -> None:
    _, heard, single = conversation(
        "cmt2300a",
        CALL,
        asked(HMS, DataType.GRID_PROFILE),
        again(inverter_address(HMS), DTU, 2).encode(),
        serial=HMS,
        habits=Habits(every_fragment=3),
    )
    assert numbers(heard) == list(range(1, 3 * len(heard), 3))
    assert len(heard) == 2
    assert 0.141 <= heard[1].at - heard[0].at <= 0.15
    assert numbers(single) == [2]


def test_a_sub_ghz_unit_waits_on_the_boot_channel() -> None:
    before, call, after = conversation("cmt2300a", asked(HMS), CALL, asked(HMS), serial=HMS)
    assert (numbers(before), numbers(after)) == ([], [1, 2, 3])
    assert [each.frame.encode().hex() for each in call] == ["d6837610978010268002001521a4"]


def test_a_unit_to_which_nobody_speaks_for_a_quarter_of_an_hour_goes_back_to_the_boot_channel() -> None:
    found = conversation(
        "cmt2300a", CALL, 890.0, asked(HMS), 890.0, asked(HMS), 905.0, asked(HMS), CALL, asked(HMS), serial=HMS
    )
    assert [numbers(heard) for heard in found] == [[2], [1, 2, 3], [1, 2, 3], [], [2], [1, 2, 3]]


def test_a_call_to_another_part_of_the_world_is_not_followed() -> None:
    foreign = channel_change(inverter_address(HMS), DTU, Region.AMERICA, Region.EU.work)
    _, heard = conversation("cmt2300a", foreign, asked(HMS), serial=HMS)
    assert heard == []


def test_bridge_and_unit_move_to_another_channel() -> None:
    call = channel_change(inverter_address(HMS), DTU, Region.EU, 0x18)
    answer, _, heard = conversation("cmt2300a", ITSELF, call, asked(HMS), serial=HMS)
    assert [each.frame.encode().hex() for each in answer] == ["d6000000000000000001001521e3"]
    assert numbers(heard) == [1, 2, 3]


def test_a_bridge_with_five_channels_has_no_work_channel() -> None:
    assert conversation("nrf24", ITSELF, serial=HM) == [[]]


@pytest.mark.parametrize("radio", ["nrf24", "cmt2300a"])
def test_a_bridge_says_who_it_is_and_takes_an_address(radio: str) -> None:
    (first,), (second,), (third,) = conversation(radio, module_query(), module_query(DTU), module_query(), serial=HM)
    assert first.frame.main == Main.MODULE | 0x80
    assert first.frame.payload[2:6] == bytes(4)
    assert second.frame.payload[2:6] == third.frame.payload[2:6] == DTU.to_bytes(4, "big")
    assert [each.frame.dtu for each in (first, second, third)] == [0, DTU, 0]


@pytest.mark.parametrize(("radio", "serial"), [("nrf24", HM), ("cmt2300a", HMS)])
def test_what_is_for_another_unit_and_what_is_damaged_is_met_with_silence(radio: str, serial: str) -> None:
    foreign = RadioFrame(Main.INFORMATION, 0x12345678, DTU, 0x80, bytes(16)).encode()
    wrong = RadioFrame(Main.INFORMATION, inverter_address(serial), DTU, 0x80, bytes(16)).encode()
    assert conversation(radio, foreign, wrong, serial=serial) == [[], []]


def test_requests_that_a_host_pours_out_are_sent_one_by_one_and_the_rest_is_lost() -> None:
    async def talk() -> tuple[int, int]:
        air = medium("nrf24")
        hung(air, HM)
        bridge = air.modem
        assert isinstance(bridge, Bridge)
        host = Host(bridge)
        await host.send(asked("114199999999"), asked(HM), asked(HM), asked(HM))
        heard = await host.read(2.0)
        await host.leave()
        return bridge.overrun_frames, len(heard)

    assert run(talk()) == (2, 3)


def test_at_night_nobody_answers() -> None:
    async def talk() -> list[Heard]:
        air = medium("nrf24")
        hung(air, HM, unit(MIDNIGHT, serial=HM))
        host = Host(air.modem)
        heard = await host.ask(asked(HM))
        await host.leave()
        return heard

    assert run(talk()) == []


@pytest.mark.parametrize(("radio", "serial"), [("nrf24", HM), ("cmt2300a", HMS)])
def test_a_unit_that_loses_its_power_says_no_more(radio: str, serial: str) -> None:
    async def talk() -> list[int]:
        air, inverter = medium(radio), unit(serial=serial, ports=2)
        hung(air, serial, inverter)
        host = Host(air.modem)
        await host.ask(CALL)
        await host.send(asked(serial))
        heard = await host.read(0.11)
        inverter.life.firmware.lose_power(inverter.life.due)
        heard += await host.read()
        await host.leave()
        return numbers(heard)

    assert run(talk()) in ([1], [1, 2])


@pytest.mark.parametrize("fault", ["loss", "bit_errors", "duplicates", "reorder", "truncation"])
@pytest.mark.parametrize(("radio", "serial"), [("nrf24", HM), ("cmt2300a", HMS)])
def test_faults_of_the_medium_damage_answers_and_never_the_bridge(radio: str, serial: str, fault: str) -> None:
    async def talk() -> list[list[Heard]]:
        air, inverter, faults = medium(radio), unit(serial=serial, ports=2), Faults(Random(1))
        air.attach(inverter, FaultyResponder(InverterSide(inverter), faults), inverter_address(serial))
        host = Host(air.modem)
        await host.ask(CALL)
        setattr(faults, fault, 0.01 if fault == "bit_errors" else 0.5)
        found = [await host.ask(asked(serial)) for _ in range(40)]
        setattr(faults, fault, 0.0)
        found += [await host.ask(asked(serial)) for _ in range(2)]
        await host.leave()
        return found

    *faulty, last = run(talk())
    assert numbers(last) == [1, 2, 3]
    whole = {each.frame.encode() for heard in faulty for each in heard if each.frame.number == 2}
    assert whole
    assert any(numbers(heard) != [1, 2, 3] for heard in faulty)


@pytest.mark.parametrize(
    ("manner", "told"),
    [
        ("short", [[], [], []]),
        ("long", [[1, 2, 3]] * 3),  # zeros behind the end change no exclusive or: that is the host's to find out
        ("silent", [[], [], []]),
        ("stale", [[], [1, 2, 3], [1, 2, 3]]),
    ],
)
def test_a_unit_that_answers_in_another_manner_does_not_harm_the_bridge(manner: str, told: list[list[int]]) -> None:
    async def talk() -> list[list[Heard]]:
        air, inverter = medium("nrf24"), unit(serial=HM, ports=2)
        side = FaultyResponder(InverterSide(inverter), Faults(Random(1)))
        side.manner = manner
        air.attach(inverter, side, inverter_address(HM))
        host = Host(air.modem)
        found = [await host.ask(asked(HM)) for _ in range(3)]
        side.manner = "right"
        found.append(await host.ask(asked(HM)))
        await host.leave()
        return found

    *odd, right = run(talk())
    assert numbers(right) == [1, 2, 3]
    assert [numbers(heard) for heard in odd] == told


def test_a_unit_that_has_booted_is_on_the_boot_channel_again() -> None:
    async def talk() -> list[list[int]]:
        air, inverter = medium("cmt2300a"), unit(serial=HMS, ports=2)
        hung(air, HMS, inverter)
        host = Host(air.modem)
        found = [await host.ask(CALL), await host.ask(asked(HMS))]
        inverter.life.firmware.lose_power(inverter.life.due)
        await asyncio.sleep(30)
        found += [await host.ask(asked(HMS)), await host.ask(CALL), await host.ask(asked(HMS))]
        await host.leave()
        return [numbers(heard) for heard in found]

    assert run(talk()) == [[2], [1, 2, 3], [], [2], [1, 2, 3]]


def test_a_unit_that_was_taken_off_the_air_is_silent() -> None:
    async def talk() -> list[Heard]:
        air = medium("nrf24")
        air.detach(hung(air, HM))
        host = Host(air.modem)
        heard = await host.ask(asked(HM))
        await host.leave()
        return heard

    assert run(talk()) == []


@pytest.mark.parametrize(("radio", "serial"), [("nrf24", HM), ("cmt2300a", HMS)])
def test_answers_are_for_the_dtu_that_asked(radio: str, serial: str) -> None:
    """Two bridges on one air: each DTU hears what it has asked for."""

    async def talk() -> tuple[list[int], list[int]]:
        air = medium(radio)
        hung(air, serial)
        one, two = Host(air.modem), Host(bridge(air.link, air.air))
        await two.send(module_query(0x12345678))
        await two.read(0.1)
        await one.ask(CALL)
        first = await one.ask(asked(serial))
        foreign = await two.read(0.1)
        await one.leave()
        await two.leave()
        return numbers(first), numbers(foreign)

    assert run(talk()) == ([1, 2, 3], [])

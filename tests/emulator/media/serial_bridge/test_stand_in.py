"""An inverter behind a bridge of its own, asked by a DTU behind another: both on one air."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from drivers.stream import listen
from drivers.transport import Listener
from emulator.inverter import Inverter
from emulator.media.serial_bridge import bridge
from emulator.media.serial_bridge.stand_in import TRIES, StandIn
from protocols.errors import LinkDownError
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import Region, channel_change, module_query
from protocols.vendors.hoymiles.requests import DataType, again
from protocols.vendors.hoymiles.responder import InverterSide
from protocols.vendors.hoymiles.serials import inverter_address
from tests.support.emulated import unit
from tests.support.radio import DTU, HM, HMS, Heard, Host, asked, medium
from tests.support.virtual_time import run

CALL = channel_change(inverter_address(HMS), DTU, Region.EU, Region.EU.work)
RADIOS = pytest.mark.parametrize(("radio", "serial"), [("nrf24", HM), ("cmt2300a", HMS)])


def stood_in(radio: str, serial: str, act: Callable[[Host, Inverter], Awaitable[None]]) -> None:
    """Act as the DTU while the inverter is there."""

    async def talk() -> None:
        air, inverter = medium(radio), unit(serial=serial, ports=2)
        link = air.link.model_copy(update={"url": "mem://its-bridge"})
        listener = await listen(link.url)
        served = asyncio.create_task(_serve(listener, bridge(link, air.air)))
        there = asyncio.create_task(StandIn(inverter, InverterSide(inverter), link, inverter_address(serial)).run())
        await asyncio.sleep(1.5)
        dtu = Host(air.modem)
        try:
            await act(dtu, inverter)
        finally:
            for task in (there, served):
                task.cancel()
            await asyncio.gather(there, served, return_exceptions=True)
            listener.close()
            await dtu.leave()

    run(talk())


async def _serve(listener: Listener, its: object) -> None:
    await its.serve(await listener.accept())  # type: ignore[attr-defined]


def numbers(heard: list[Heard]) -> list[int]:
    return [each.frame.number for each in heard]


@RADIOS
def test_a_dtu_hears_the_inverter(radio: str, serial: str) -> None:
    async def act(dtu: Host, inverter: Inverter) -> None:
        await dtu.ask(CALL)
        whole = await dtu.ask(asked(serial))
        assert numbers(whole) == [1, 2, 3]
        assert 0.03 < whole[0].at < 0.1
        assert {each.frame.inverter for each in whole} == {inverter_address(inverter.serial)}
        single = await dtu.ask(again(inverter_address(serial), DTU, 2).encode())
        assert [each.frame for each in single] == [whole[1].frame]
        assert numbers(await dtu.ask(asked(serial, DataType.CONFIG))) == [1]

    stood_in(radio, serial, act)


@RADIOS
def test_what_is_for_another_inverter_is_not_answered(radio: str, serial: str) -> None:
    async def act(dtu: Host, _: Inverter) -> None:
        await dtu.ask(CALL)
        assert await dtu.ask(asked("114183761098")) == []

    stood_in(radio, serial, act)


def test_it_waits_on_the_boot_channel_and_goes_back_there() -> None:
    async def act(dtu: Host, inverter: Inverter) -> None:
        assert await dtu.ask(asked(HMS)) == []
        await dtu.ask(CALL)
        assert numbers(await dtu.ask(asked(HMS))) == [1, 2, 3]
        await asyncio.sleep(905)
        assert await dtu.ask(asked(HMS)) == []
        await dtu.ask(CALL)
        assert numbers(await dtu.ask(asked(HMS))) == [1, 2, 3]
        inverter.life.firmware.lose_power(inverter.life.due)
        await asyncio.sleep(30)
        assert await dtu.ask(asked(HMS)) == []

    stood_in("cmt2300a", HMS, act)


def test_without_power_it_is_silent() -> None:
    async def act(dtu: Host, inverter: Inverter) -> None:
        assert numbers(await dtu.ask(asked(HM))) == [1, 2, 3]
        inverter.life.firmware.lose_power(inverter.life.due)
        assert await dtu.ask(asked(HM), within_s=0.5) == []

    stood_in("nrf24", HM, act)


def test_a_bridge_that_starts_slowly_is_asked_again_and_one_that_never_answers_is_given_up() -> None:
    async def talk() -> list[bytes]:
        inverter, link = unit(serial=HM, ports=2), medium("nrf24").link.model_copy(update={"url": "mem://slow"})
        listener = await listen(link.url)
        side = StandIn(inverter, InverterSide(inverter), link, inverter_address(HM))
        there = asyncio.create_task(side.run())
        stream, chunks = await listener.accept(), list[bytes]()
        with suppress(LinkDownError):
            while True:
                chunks.append(await stream.read())
        with pytest.raises(LinkDownError, match="no answer from a bridge at 115200 baud"):
            await there
        listener.close()
        return chunks

    query = radio_bridge.encode(module_query(inverter_address(HM)), stuffed=True)
    assert run(talk()) == [query] * TRIES


def test_it_ends_with_its_bridge() -> None:
    async def talk() -> None:
        air, inverter = medium("nrf24"), unit(serial=HM, ports=2)
        link = air.link.model_copy(update={"url": "mem://nobody"})
        side = StandIn(inverter, InverterSide(inverter), link, inverter_address(HM))
        with pytest.raises(LinkDownError, match="nobody"):
            await side.run()
        listener = await listen(link.url)
        there = asyncio.create_task(side.run())
        (await listener.accept()).close()
        listener.close()
        with pytest.raises(LinkDownError, match="closed"):
            await there

    run(talk())

"""A face of a DTU whose plant stands still, on loopback."""

import asyncio
from collections.abc import Awaitable, Callable

from config.faces import DtuTcpFace
from gateway.faces import dtu_modbus, dtu_tcp
from gateway.faces.tcp_server import TcpServer
from tests.support.face_plant import StillPlant
from tests.support.mosquitto import free_port
from tests.support.still_dtu import Hands, StillDesk, modbus_section, plant, report, site

PATIENCE_S = 20.0


def serving(
    kind: str,
    act: Callable[[int, Hands], Awaitable[None]],
    *,
    still: StillPlant | None = None,
    writes: bool = True,
    units: dict[str, tuple[str, str]] | None = None,
) -> None:
    """Run an act against a face of a plant that stands still."""

    async def main() -> None:
        hands, port = Hands(report()), free_port()
        desk, plan = StillDesk(still or plant(units), hands), site(units=units)
        if kind == "dtu_modbus":
            server: TcpServer = dtu_modbus.serve(modbus_section(port=port, writes=writes), plan, desk, "faces[0]")
        else:
            face = DtuTcpFace.model_validate({"kind": kind, "port": port, "writes": writes})
            server = dtu_tcp.serve(face, plan, desk, "faces[0]")
        task = asyncio.create_task(server.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await server.ready.wait()
                await act(port, hands)
            assert server.counters.failures == 0
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())

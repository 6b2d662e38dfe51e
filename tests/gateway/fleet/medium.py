"""A double of the hardware: a half-duplex medium with Modbus units on it, whose time is virtual."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from drivers.link import LinkCounters, Port, Urgency
from protocols.errors import LinkDownError
from protocols.modbus import pdu, rtu
from protocols.points import ALRM, DCV, DCW, INV_ST, MD, SN, TMP_CAB, TOT_WH_INJ, UP_TMS, VR, Channel, Value, W
from protocols.states import InvSt
from tests.gateway.acme import IDENTITY, IDENTITY_AT, LIVE, LIVE_AT, MODEL

ANSWER_S = 0.1


@dataclass
class Unit:
    """A unit behind the medium."""

    serial: str
    alive: bool = True
    power_w: float = 100.0
    dc_v: float = 36.0
    energy_wh: int = 1000
    booted_at: float = 0.0
    state: InvSt = InvSt.RUNNING
    alarm: int = 0
    refuses: bool = False  # to say how it is, not who
    heard: list[tuple[float, int]] = field(default_factory=list)  # when and which register
    limits: list[tuple[float, int]] = field(default_factory=list)

    def answer(self, request: pdu.Request | pdu.ExceptionAnswer, now: float) -> pdu.Answer | None:
        match request:
            case pdu.ReadRequest(start=at):
                self.heard.append((now, at))
                if self.refuses and at == LIVE_AT:
                    return pdu.ExceptionAnswer(pdu.Function.READ_HOLDING, pdu.ExceptionCode.DEVICE_FAILURE)
                return pdu.ReadAnswer(IDENTITY.pack(self._name()) if at == IDENTITY_AT else LIVE.pack(self._live(now)))
            case pdu.WriteRequest(start=at, data=data):
                self.limits.append((now, int.from_bytes(data, "big")))
                return pdu.WriteAnswer(at, 1)
            case pdu.ExceptionAnswer():
                return None

    def polls(self) -> list[float]:
        return [at for at, register in self.heard if register == LIVE_AT]

    def _name(self) -> dict[Channel, Value]:
        return {Channel(SN): self.serial, Channel(MD): MODEL.name, Channel(VR): "1.0"}

    def _live(self, now: float) -> dict[Channel, Value]:
        return {
            Channel(INV_ST): self.state,
            Channel(W): self.power_w,
            Channel(DCV, 1): self.dc_v,
            Channel(DCW, 1): self.power_w,
            Channel(TOT_WH_INJ): self.energy_wh,
            Channel(UP_TMS): int(now - self.booted_at),
            Channel(ALRM): self.alarm,
            Channel(TMP_CAB): None,
        }


class Medium:
    """Implements `drivers.link.Link`; `pull` and `plug` are the cable."""

    def __init__(self, units: dict[int, Unit], *, loss: float = 0.0, seed: int = 1) -> None:
        self.units = units
        self._loss = loss
        self._random = Random(seed)
        self.counters = LinkCounters()
        self.spent: list[tuple[int, float]] = []  # node and seconds of each conversation
        self._up = asyncio.Event()
        self._up.set()
        self._claim = asyncio.Lock()

    @property
    def up(self) -> bool:
        return self._up.is_set()

    def lost(self) -> bool:
        """Tell whether the next datagram is lost."""
        return self._random.random() < self._loss

    def pull(self) -> None:
        self._up.clear()

    def plug(self) -> None:
        self.counters.opened += 1
        self._up.set()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def wait_up(self) -> None:
        await self._up.wait()

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[Port]:
        assert urgency in Urgency
        if not self.up:
            raise LinkDownError("pulled")
        async with self._claim:
            started = asyncio.get_running_loop().time()
            yield _Grant(self)
            self.spent.append((node, asyncio.get_running_loop().time() - started))


class _Grant:
    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._answer: bytes | None = None
        self._window_s = 0.0

    async def send(self, datagram: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:
        assert reply_bytes > 0 < replies
        self._check()
        node, body = rtu.decode(datagram)
        unit = self._medium.units.get(node)
        self._answer, self._window_s = None, within_s
        if unit is not None and unit.alive and not self._medium.lost():
            answer = unit.answer(pdu.decode_request(body), asyncio.get_running_loop().time())
            self._answer = None if answer is None or self._medium.lost() else rtu.encode(node, answer.encode())

    async def receive(self) -> bytes | None:
        await asyncio.sleep(self._window_s if self._answer is None else ANSWER_S)
        self._check()
        answer, self._answer = self._answer, None
        return answer

    def _check(self) -> None:
        if not self._medium.up:
            raise LinkDownError("pulled")

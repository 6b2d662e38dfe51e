"""The yardstick for `cpu_per_poll_ratio`: the same polls and messages, written straight down.

No reconnection, ledger, quality, schedule, retries or settings: it asks the units in turn, decodes and publishes.

    python benchmarks/reference.py PTY BROKER-PORT ROOT SERIALS PERIOD-S SPACING-S
"""

import asyncio
import json
import os
import struct
import sys
import tty
from datetime import UTC, datetime
from math import hypot
from typing import Any

import aiomqtt

LIVE = struct.Struct(">BBHIhhHHHHHHhIHhHHH")
START, REGISTERS, ANSWER_BYTES = 0x1100, 20, 45
STATES = ("off", "sleeping", "starting", "running", "throttled", "shutting_down", "fault", "standby")
SUMS = ("p_ac_w", "q_ac_var", "e_total_wh", "e_day_wh")


TABLE = list(range(256))
for _ in range(8):
    TABLE = [row >> 1 ^ 0xA001 if row & 1 else row >> 1 for row in TABLE]


def crc16(data: bytes) -> int:
    """Return the CRC-16 of Modbus; of a whole frame it is 0."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc


class Bus:
    """The pseudo-terminal."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        self.heard = b""
        self.answered: asyncio.Future[bytes] | None = None
        asyncio.get_running_loop().add_reader(self.fd, self.take)

    def take(self) -> None:
        """Take bytes until an answer is whole."""
        self.heard += os.read(self.fd, 4096)
        if len(self.heard) >= ANSWER_BYTES and self.answered is not None:
            self.answered.set_result(self.heard)
            self.answered = None

    async def live(self, node: int) -> tuple[int, ...]:
        """Ask a unit for its live block."""
        question = struct.pack(">BBHH", node, 3, START, REGISTERS)
        self.heard = b""
        self.answered = asyncio.get_running_loop().create_future()
        os.write(self.fd, question + crc16(question).to_bytes(2, "little"))
        answer = await self.answered
        if crc16(answer):
            raise ValueError("damaged")
        return LIVE.unpack(answer[3:-2])


def states(raw: tuple[int, ...], sample: dict[str, Any], base_wh: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the AC and the DC side of a unit."""
    watt, var = raw[4] / 10, raw[5] / 10
    energy = {"e_total_wh": raw[13], "e_day_wh": raw[13] - base_wh}
    ac = {
        **sample | energy,
        "state": STATES[raw[0]],
        "events": [],
        "p_ac_w": watt,
        "q_ac_var": var,
        "pf": round(watt / hypot(watt, var), 3) if watt else None,
        "v_ac_v": raw[6] / 10,
        "i_ac_a": raw[7] / 100,
        "f_ac_hz": raw[8] / 100,
        "t_case_c": raw[12] / 10,
        "limit_pct": raw[17] / 10,
        "limit_w": raw[17] / 2,  # of an MI-500
        "enabled": raw[0] in {3, 4},
        "r_iso_ohm": raw[14] * 100,
        "i_dc_component_a": raw[15] / 10_000,
        "uptime_s": round(raw[3] / 1000),
        "signal_pct": None,
    }
    dc = {"p_dc_w": raw[11] / 10, "v_dc_v": raw[9] / 100, "i_dc_a": raw[10] / 1000}
    return ac, {**sample, **dc, **energy, "e_source": "derived"}


async def main(path: str, port: int, root: str, serials: list[str], period_s: float, spacing_s: float) -> None:
    """Poll and publish until killed."""
    bus, now, seq = Bus(path), asyncio.get_running_loop().time, 0
    newest, first_wh, due = dict[str, dict[str, Any]](), dict[str, int](), now()
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        while True:
            seq += 1
            for node, serial in enumerate(serials, start=1):
                await asyncio.sleep(due + (node - 1) * spacing_s - now())
                raw = await bus.live(node)
                stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # noqa: TID251 - no product
                sample = {"ts": stamp, "seq": seq, "quality": "good"}
                newest[serial], dc = states(raw, sample, first_wh.setdefault(serial, raw[13]))
                sums = {key: sum(each[key] for each in newest.values()) for key in SUMS}
                units = {"expected": len(serials), "reporting": len(newest), "asleep": 0, "complete": True}
                for topic, payload in (
                    (f"inverter/{serial}/state", newest[serial]),
                    (f"inverter/{serial}/ch/1/state", dc),
                    ("site/state", {"ts": stamp, **sums, **units}),
                ):
                    await client.publish(f"{root}/{topic}", json.dumps(payload, separators=(",", ":")), retain=True)
            due += period_s


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4].split(","), *map(float, sys.argv[5:7])))

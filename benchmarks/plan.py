"""Site files for what is measured."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

BASE = "bench"


@dataclass(frozen=True, slots=True)
class Kind:
    """Units of a model behind a gateway of a role; a serial is `serial` with a number in it.

    `first_node`: the units are paired, and have addresses from there on.
    """

    role: str
    model: str
    serial: str
    per_branch: int
    first_node: int | None = None


QS1 = Kind("ecu", "QS1", "802{:09d}", per_branch=4, first_node=0x1001)
MI_500 = Kind("m-combiner", "MI-500", "BE{:06d}", per_branch=9)  # so many on a 25 A breaker

HM_600 = Kind("dtu", "HM-600", "114183{:06d}", per_branch=9)
HMS_1000 = Kind("dtu", "HMS-1000-2T", "114483{:06d}", per_branch=5)  # so many amperes on 25


def link(url: str, modem: str = "transparent", **settings: float) -> dict[str, object]:
    """Return the section of a link with every setting that paper time depends on written out."""
    paced = {"baud": 57600, "bit_rate": 2400.0, "overhead_bytes": 0, "turnaround_s": 0.03}
    return {"url": url, "modem": modem, **paced, **settings}


def coordinator(url: str) -> dict[str, object]:
    """Return the section of a link to a ZigBee coordinator with every setting that paper time depends on."""
    return {"medium": "zigbee", "url": url, "baud": 115_200, "hops": 1}


def at_once(url: str) -> dict[str, object]:
    """Return a link whose line costs no time: what is measured behind it is the gateway."""
    return link(url, bit_rate=1e8, turnaround_s=0.0)


def bridge(url: str, radio: str) -> dict[str, object]:
    """Return the section of a radio bridge."""
    return {"medium": "serial_bridge", "url": url, "radio": radio}


def serials(count: int, first: int = 1, *, kind: Kind = MI_500) -> list[str]:
    """Return so many serials."""
    return [kind.serial.format(number) for number in range(first, first + count)]


def gateway(
    name: str, section: Mapping[str, object], units: list[str], poll_s: float, *, kind: Kind = MI_500
) -> dict[str, object]:
    """Return the section of a gateway."""
    branches = [
        {
            "id": f"b{at}",
            "breaker_a": 25,
            "inverters": [_unit(kind, at + n, serial) for n, serial in enumerate(units[at : at + kind.per_branch])],
        }
        for at in range(0, len(units), kind.per_branch)
    ]
    return {"id": name, "role": kind.role, "poll_s": poll_s, "link": section, "branches": branches}


def _unit(kind: Kind, number: int, serial: str) -> dict[str, object]:
    node = {} if kind.first_node is None else {"node": kind.first_node + number}
    return {"serial": serial, "model": kind.model, **node}


def write(folder: Path, broker: str, gateways: Iterable[dict[str, object]], *, site: str = "home") -> Path:
    """Write a site file into a folder of its own and return its path; the database lives beside it."""
    folder.mkdir(exist_ok=True)
    settings = {
        "id": site,
        "location": "daylight",
        "state_dir": str(folder),
        "clock": {"trust": "always"},
        "mqtt": {"url": broker, "base": BASE},
        "gateways": list(gateways),
    }
    file = folder / "site.yaml"
    file.write_text(json.dumps(settings), "utf-8")  # JSON is YAML
    return file


def broker(port: int) -> str:
    """Return the address of the broker that the bench has started."""
    return f"mqtt://127.0.0.1:{port}"

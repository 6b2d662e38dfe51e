"""The line: one shared, half-duplex medium that every node hears, in the loop's time.

A frame of n bytes takes (n + overhead) · 8 / bit rate. A node that was listening needs the turnaround, counted from
the end of the last frame of somebody else, before its own frame begins; so a question and its answer take

    T = (Lq + O) · 8 / R + (La + O) · 8 / R + 2 · turnaround

Nobody listens before talking: frames that overlap destroy each other. A node is deaf while it sends, which needs no
rule of its own: what it would have heard overlaps what it sends.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from config.links import PlcLink
from config.site import Impairments
from emulator.impairment import Channel


class Node(Protocol):
    """Something on the line.

    `early`: it hears the first byte of a frame as soon as it has come, then the rest. `linked`: its modem is coupled
    to the line; without, it neither hears nor is heard.
    """

    early: bool
    linked: bool

    def hear(self, data: bytes) -> None:
        """Take what came off the line."""
        ...

    def ignores(self, data: bytes) -> bool:
        """Tell whether it makes no difference whether this node hears `data`: then nobody needs to work it out."""
        ...


@dataclass(slots=True, eq=False)
class Transmission:
    """One frame on its way."""

    sender: Node
    data: bytearray
    start: float
    end: float
    done: Callable[[], None] | None
    spoiled: bool = False
    timer: asyncio.TimerHandle | None = None
    rest: dict[Node, bytes] = field(default_factory=dict)  # what early nodes have not heard yet; empty: lost


class Line:
    """A line and the nodes on it. `integrity`: the modems check frames and drop damaged ones; there is no noise."""

    def __init__(self, link: PlcLink, impairments: Impairments, seed: str) -> None:
        self._byte_s = 8 / link.bit_rate
        self._overhead_s = link.overhead_bytes * self._byte_s
        self._turnaround_s = link.turnaround_s
        self._integrity = link.modem == "st7580"
        self._noise_per_s = 0.0 if self._integrity else impairments.noise_per_min / 60
        self._channel = Channel(impairments, seed)
        self._noise = Random(f"{seed}/noise")
        self._nodes: list[Node] = []
        self._early: list[Node] = []
        self._active: list[Transmission] = []
        self._last: tuple[Node | None, float] = (None, float("-inf"))
        self.collisions = 0

    def join(self, node: Node) -> None:
        """Put a node on the line."""
        self._nodes.append(node)
        if node.early:
            self._early.append(node)

    def leave(self, node: Node) -> None:
        """Take a node off the line."""
        self._nodes.remove(node)

    @property
    def busy(self) -> bool:
        """Tell whether a frame is on the line now."""
        now = asyncio.get_running_loop().time()
        return any(each.start <= now < each.end for each in self._active)

    def send(self, sender: Node, data: bytes, done: Callable[[], None] | None = None) -> Transmission:
        """Put a frame on the line as soon as the sender can; `done` is called at its end."""
        loop = asyncio.get_running_loop()
        start = self._start(sender, loop.time())
        end = start + self._overhead_s + len(data) * self._byte_s
        sent = Transmission(sender, bytearray(data), start, end, done)
        self._collide(sent)
        self._active.append(sent)
        sent.timer = loop.call_at(end, self._ended, sent)
        if any(node is not sender for node in self._early):
            loop.call_at(start + self._overhead_s + self._byte_s, self._began, sent)
        return sent

    def extend(self, sent: Transmission, data: bytes) -> None:
        """Append bytes to a frame whose end has not been sent yet."""
        if sent.timer is not None:
            sent.timer.cancel()
        sent.data += data
        sent.end += len(data) * self._byte_s
        self._collide(sent)
        sent.timer = asyncio.get_running_loop().call_at(sent.end, self._ended, sent)

    def on_air(self, sent: Transmission) -> int:
        """Return how many bytes of a frame have left the sender."""
        elapsed = asyncio.get_running_loop().time() - sent.start - self._overhead_s
        return min(max(int(elapsed / self._byte_s), 0), len(sent.data))

    async def make_noise(self) -> None:
        """Scatter noise bytes between frames until cancelled; return at once when there are none."""
        while self._noise_per_s:
            await asyncio.sleep(self._noise.expovariate(self._noise_per_s))
            if not self.busy:
                byte = self._noise.randbytes(1)
                for node in self._nodes:
                    if node.linked:
                        node.hear(byte)

    def _start(self, sender: Node, now: float) -> float:
        own = [each.end for each in self._active if each.sender is sender]
        if own:
            return max(own)
        node, end = self._last
        return now if node is sender else max(now, end + self._turnaround_s)

    def _collide(self, sent: Transmission) -> None:
        for other in self._active:
            if other is not sent and other.start < sent.end and sent.start < other.end:
                self.collisions += not (other.spoiled and sent.spoiled)
                other.spoiled = sent.spoiled = True

    def _began(self, sent: Transmission) -> None:
        if sent not in self._active or not sent.sender.linked:  # a frame of one byte: its end came first
            return
        data = bytes(sent.data)
        for node in self._early:
            if node is not sent.sender and node.linked:
                heard = b"" if sent.spoiled else self._heard(sent, data)
                sent.rest[node] = heard[1:]
                if heard:
                    node.hear(heard[:1])

    def _ended(self, sent: Transmission) -> None:
        self._active.remove(sent)
        self._last = (sent.sender, sent.end)
        if not sent.spoiled and sent.sender.linked:
            self._deliver(sent, bytes(sent.data))
        if sent.done is not None:
            sent.done()

    def _deliver(self, sent: Transmission, data: bytes) -> None:
        faithful = self._channel.faithful
        for node in self._nodes:
            if node is sent.sender or not node.linked or (faithful and node.ignores(data)):
                continue
            heard = sent.rest[node] if node in sent.rest else self._heard(sent, data)
            if heard:
                node.hear(heard)

    def _heard(self, sent: Transmission, data: bytes) -> bytes:
        """Return what one receiver makes of a frame; empty when it misses it."""
        if self._channel.lost(sent.start):
            return b""
        heard = self._channel.damaged(data)
        return b"" if self._integrity and heard != data else heard

"""The TCP interface of a DTU: the messages of `protocols/vendors/hoymiles/northbound.py`, with protobuf in them.

The messages' fields stand in `dtu.proto`, from which this module builds the classes when it is imported: when a face is
configured, not before. Nothing else imports the protobuf library.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as _Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto as _File
from google.protobuf.message import DecodeError

from config.faces import DtuTcpFace
from config.site import Site
from gateway.faces.desk import Desk, Plant
from gateway.faces.dtu_answers import MAX_REPLY, Answers, Values, numbered, status
from gateway.faces.dtu_commands import REFUSED, Asked, Commands, needs_leave
from gateway.faces.dtu_units import dtu
from gateway.faces.tcp_server import WRITES_BURST, WRITES_PER_S, Bounds, Pace, TcpServer
from gateway.version import version
from protocols.errors import RemoteProtocolError
from protocols.vendors.hoymiles.northbound import HEAD_BYTES, MARK, Message, message

SCHEMA = Path(__file__).with_name("dtu.proto")
BOUNDS = Bounds(
    clients=10,  # a real DTU serves one; those that exist connect anew for each question
    frame_bytes=MAX_REPLY,  # a command for a hundred inverters
    per_s=20.0,  # of all clients: each asks every two seconds at most
    burst=40,
    idle_s=60.0,  # a client that keeps its connection asks twice a minute
)
_COMMENT = re.compile(r"//.*")
_MESSAGE = re.compile(r"message (\w+) \{([^}]*)\}")
_FIELD = re.compile(r"(repeated )?(\w+) (\w+) = (\d+);")
_ANSWERED_BY = {0xA3: 0xA200, 0x23: 0x2200}  # high byte of a question → of its answer

_Answer: TypeAlias = Callable[[Answers, Plant, int], Values]


def serve(face: DtuTcpFace, site: Site, desk: Desk, name: str) -> TcpServer:
    """Return the server of a section of the site file. Raises ConfigError."""
    served = dtu(site, face, name)
    software = numbered(version(), lambda major, minor, patch: major << 12 | (minor & 0xF) << 8 | patch & 0xFF)
    answers = Answers(served, ZoneInfo(site.location.timezone), software)
    pace = Pace(WRITES_PER_S, WRITES_BURST)
    now = asyncio.get_running_loop().time
    leave = Leave(writes=face.writes, name=face.kind, pace=pace, now=now)
    framed = DtuTcp(answers, Commands(served, desk), desk, leave)
    return TcpServer(framed, address=str(face.address), port=face.port, setting=name, bounds=BOUNDS)


def _built() -> Mapping[str, type[Any]]:
    """Return the message classes of `dtu.proto` by name."""
    file = _File(name="dtu.proto", package="dtu", syntax="proto3")
    for name, body in _MESSAGE.findall(_COMMENT.sub("", SCHEMA.read_text(encoding="utf-8"))):
        file.message_type.add(name=name).field.extend(_fields(body))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = (pool.FindMessageTypeByName(f"dtu.{each.name}") for each in file.message_type)
    return {each.name: message_factory.GetMessageClass(each) for each in found}


def _fields(body: str) -> Iterator[_Field]:
    for repeated, kind, name, number in _FIELD.findall(body):
        nested = kind[0].isupper()
        yield _Field(
            name=name,
            number=int(number),
            label=_Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL,
            type=_Field.TYPE_MESSAGE if nested else _Field.Type.Value(f"TYPE_{kind.upper()}"),
            type_name=f".dtu.{kind}" if nested else None,
        )


CLASSES = _built()


@dataclass(frozen=True, slots=True)
class _Question:
    """A command of the interface: what it holds, what its answer holds, and what finds that."""

    asked: str
    answered: str
    answer: _Answer


_QUESTIONS: Mapping[int, _Question] = {
    0xA301: _Question("InfoAsk", "Info", Answers.info),
    0xA302: _Question("Greeting", "Heartbeat", Answers.heartbeat),
    0xA303: _Question("Ask", "RealDataOld", Answers.real_data_old),
    0xA304: _Question("Ask", "Alarms", Answers.alarms),
    0xA309: _Question("Greeting", "Config", Answers.config),
    0xA311: _Question("Ask", "RealData", Answers.real_data),
    0xA314: _Question("Greeting", "Network", Answers.network),
}
_COMMANDS = frozenset((0xA305, 0x2305))  # from the app, and as the cloud says it
_STATUS = frozenset((0xA306, 0x2306))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Whether clients may write, and how often; `name` and a caller's address make the author of a command."""

    writes: bool
    name: str
    pace: Pace
    now: Callable[[], float]


class DtuTcp:
    """Satisfies `Framed`."""

    def __init__(self, answers: Answers, commands: Commands, plant: Plant, leave: Leave) -> None:
        self._answers = answers
        self._commands = commands
        self._plant = plant
        self._leave = leave

    def length(self, head: bytes) -> int | None:
        """Return how long a message is."""
        if head[: len(MARK)] != MARK[: len(head)]:
            raise RemoteProtocolError("no message of a DTU")
        if len(head) < HEAD_BYTES:
            return None
        length = int.from_bytes(head[8:10], "big")
        if length < HEAD_BYTES:
            raise RemoteProtocolError(f"a message of {length} bytes")
        return length

    def answer(self, frame: bytes, peer: str) -> bytes | None:
        """Return the answer to a message; none to what only storage gateways or the cloud know."""
        said = message(frame)
        question = _QUESTIONS.get(said.command)
        if question is not None:
            asked = _parsed(question.asked, said.body)
            page = getattr(asked, "page", 0)
            return _reply(said, question.answered, question.answer(self._answers, self._plant, page))
        if said.command in _COMMANDS:
            return _reply(said, "CommandTaken", self._command(_parsed("Command", said.body), peer))
        if said.command in _STATUS:
            return _reply(said, "Status", self._status(_parsed("StatusAsk", said.body)))
        return None

    def _command(self, wanted: Any, peer: str) -> Values:
        asked = Asked(wanted.action, wanted.id, wanted.data, tuple(wanted.inverters), f"{self._leave.name} {peer}")
        error = self._commands.take(asked) if self._admits(asked.action) else REFUSED
        return {**self._head(), "action": asked.action, "error": error, "id": asked.id}

    def _admits(self, action: int) -> bool:
        leave = self._leave
        return not needs_leave(action) or (leave.writes and leave.pace.admits(leave.now()))

    def _status(self, asked: Any) -> Values:
        came = self._commands.came(asked.id)
        return self._head() if came is None else {**self._head(), **status(came, asked.page)}

    def _head(self) -> Values:
        return self._answers.head(self._plant)


def _parsed(name: str, body: bytes) -> Any:
    try:
        return CLASSES[name].FromString(body)
    except DecodeError:
        raise RemoteProtocolError(f"no {name} in a message") from None


def _reply(said: Message, name: str, values: Values) -> bytes:
    command = _ANSWERED_BY[said.command >> 8] | said.command & 0xFF
    return Message(command, said.sequence, CLASSES[name](**values).SerializeToString()).encode()

"""What coordinator frames say, as named fields, for whoever looks at captured bytes."""

from collections.abc import Callable, Mapping

from protocols.decode import Fields
from protocols.errors import RemoteProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import BROADCAST, Scope
from protocols.modems.znp.commands import Command
from protocols.modems.znp.frame import Frame
from protocols.modems.znp.status import State, state_text, status_text
from protocols.vendors.apsystems import pairing_frames as f
from protocols.vendors.apsystems.codec import signal_pct
from protocols.vendors.apsystems.family import SERIAL_BYTES

NAMES: Mapping[int, str] = {
    Command.PING: "SYS_PING",
    Command.PING_ANSWER: "SYS_PING SRSP",
    Command.RESET: "SYS_RESET_REQ",
    Command.RESET_INDICATION: "SYS_RESET_IND",
    Command.REGISTER: "AF_REGISTER",
    Command.REGISTER_ANSWER: "AF_REGISTER SRSP",
    Command.DATA_REQUEST: "AF_DATA_REQUEST",
    Command.DATA_ANSWER: "AF_DATA_REQUEST SRSP",
    Command.DATA_REQUEST_EXT: "AF_DATA_REQUEST_EXT",
    Command.DATA_ANSWER_EXT: "AF_DATA_REQUEST_EXT SRSP",
    Command.DATA_CONFIRM: "AF_DATA_CONFIRM",
    Command.INCOMING: "AF_INCOMING_MSG",
    Command.STATE_CHANGE: "ZDO_STATE_CHANGE_IND",
    Command.SOURCE_ROUTE: "ZDO_SRC_RTG_IND",
    Command.START: "ZB_START_REQUEST",
    Command.START_ANSWER: "ZB_START_REQUEST SRSP",
    Command.WRITE_CONFIGURATION: "ZB_WRITE_CONFIGURATION",
    Command.WRITE_CONFIGURATION_ANSWER: "ZB_WRITE_CONFIGURATION SRSP",
    Command.DEVICE_INFO: "UTIL_GET_DEVICE_INFO",
    Command.DEVICE_INFO_ANSWER: "UTIL_GET_DEVICE_INFO SRSP",
}


def as_sent(node: int) -> str:
    """Return a short address as its bytes stand on the UART, which is how tools print it."""
    return node.to_bytes(2, "little").hex().upper()


def frame_fields(frame: Frame) -> Fields:
    """Return the fields of a frame; raises RemoteProtocolError when it is cut short."""
    read = _READERS.get(frame.command)
    if read is not None:
        return read(frame)
    return {"data": frame.data.hex().upper()} if frame.data else {}


def burst_fields(frames: list[Frame]) -> Fields:
    """Return the fields of frames that came together; where frames of a kind repeat, the later ones are numbered."""
    fields: dict[str, str | int | float | None] = {
        "cmd": ", ".join(NAMES.get(frame.command, f"{frame.command:04X}") for frame in frames)
    }
    for frame in frames:
        for name, value in frame_fields(frame).items():
            taken = sum(each.partition("#")[0] == name for each in fields)
            fields[f"{name}#{taken + 1}" if taken else name] = value
    return fields


def _status(frame: Frame) -> Fields:
    status = c.status_of(frame)
    return {"status": status, "status_text": status_text(status)}


def _srsp(frame: Frame) -> Fields:
    status = c.status_of(frame)
    return {"srsp": status, "srsp_text": status_text(status)}


def _confirm(frame: Frame) -> Fields:
    said = c.confirm_of(frame)
    return {"confirm": said.status, "confirm_text": status_text(said.status), "confirm_trans": said.trans}


def _configuration(frame: Frame) -> Fields:
    if len(frame.data) < 2 or len(frame.data) != 2 + frame.data[1]:
        raise RemoteProtocolError(f"a configuration item of {len(frame.data)} bytes")
    known = frame.data[0] in frozenset(c.Setting)
    name = c.Setting(frame.data[0]).name if known else f"0x{frame.data[0]:02X}"
    return {"id": name, "value": frame.data[2:].hex().upper()}


def _reset(frame: Frame) -> Fields:
    return {"type": c.status_of(frame)}


def _reset_indication(frame: Frame) -> Fields:
    if len(frame.data) != 6:
        raise RemoteProtocolError(f"a reset indication of {len(frame.data)} bytes")
    reason, transport, product, *version = frame.data
    return {
        "reason": reason,
        "transport": transport,
        "product": product,
        "version": ".".join(map(str, version)),
    }


def _state(frame: Frame) -> Fields:
    state = c.status_of(frame)
    return {"state": state, "state_text": state_text(state)}


def _ping_answer(frame: Frame) -> Fields:
    return {"capabilities": f"0x{int.from_bytes(frame.data, 'little'):04X}"}


def _register(frame: Frame) -> Fields:
    same = frame == c.register()
    return {"endpoint": f"0x{c.status_of(frame):02X}", "usual": int(same), "data": frame.data.hex().upper()}


def _device_info(frame: Frame) -> Fields:
    said = c.device_info_of(frame)
    return {
        "status": said.status,
        "ieee_on_wire": said.address.hex().upper(),
        "ieee": ":".join(f"{byte:02X}" for byte in said.address[::-1]),
        "nwk": f"0x{said.node:04X}",
        "device_state": said.state,
        "state_text": state_text(said.state),
        "healthy": int(said.state == State.STARTED),
    }


def _route(frame: Frame) -> Fields:
    node, relays = c.route_of(frame)
    return {
        "route_dst_bytes": as_sent(node),
        "relay_count": len(relays),
        "relay_bytes": " ".join(as_sent(relay) for relay in relays),
    }


def _request(frame: Frame) -> Fields:
    asked = c.request_of(frame)
    message = asked.message
    return {
        "dst_bytes": as_sent(message.node),
        "dst": f"0x{message.node:04X}",
        "cluster": f"0x{message.cluster:04X}",
        "trans": asked.trans,
        "options": asked.options,
        "data_len": len(message.data),
        "data": message.data.hex().upper(),
        **(_pairing(message.cluster, message.data) if message.scope is Scope.ANY_PAN else {}),
    }


def _pairing(cluster: int, data: bytes) -> Fields:
    match cluster, len(data):
        case f.LEAVE | f.PREPARE, 17:
            return {
                "serial": data[:SERIAL_BYTES].hex(),
                "pan_bytes": data[6:8].hex().upper(),
                "channel": data[8],
                "ecu_rev": data[11:].hex().upper(),
            }
        case f.WHO, 6:
            return {"serial": data.hex()}
        case f.BIND, 6:
            return {"ecu_rev": data.hex().upper()}
        case _:
            return {}


def _incoming(frame: Frame) -> Fields:
    message = c.incoming_of(frame)
    fields: dict[str, str | int | float | None] = {
        "src_bytes": as_sent(message.node),
        "src": f"0x{message.node:04X}",
        "cluster": f"0x{message.cluster:04X}",
        "lqi": message.lqi,
        "signal_percent": round(signal_pct(message.lqi), 1),
        "was_broadcast": int(message.scope is Scope.ANY_PAN),
        "af_data_len": len(message.data),
    }
    if message.cluster == f.ANSWER and message.node not in (0, BROADCAST) and len(message.data) >= f.ANSWER_BYTES:
        fields |= {
            "short_id_bytes": as_sent(message.node),
            "short": f"0x{message.node:04X}",
            "data_first_two_bytes": message.data[:2].hex().upper(),
        }
        serial = message.data[2 : f.ANSWER_BYTES].hex()
        fields |= {"serial": serial} if serial.isdigit() else {}
    return fields


_READERS: Mapping[int, Callable[[Frame], Fields]] = {
    Command.WRITE_CONFIGURATION: _configuration,
    Command.WRITE_CONFIGURATION_ANSWER: _status,
    Command.RESET: _reset,
    Command.RESET_INDICATION: _reset_indication,
    Command.REGISTER: _register,
    Command.REGISTER_ANSWER: _status,
    Command.STATE_CHANGE: _state,
    Command.PING_ANSWER: _ping_answer,
    Command.DEVICE_INFO_ANSWER: _device_info,
    Command.SOURCE_ROUTE: _route,
    Command.DATA_REQUEST: _request,
    Command.DATA_REQUEST_EXT: _request,
    Command.DATA_ANSWER: _srsp,
    Command.DATA_ANSWER_EXT: _srsp,
    Command.DATA_CONFIRM: _confirm,
    Command.INCOMING: _incoming,
}

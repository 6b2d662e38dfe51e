"""The messages of the TCP interface against captures and another schema of the same interface."""

from importlib import import_module
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict

from gateway.faces.dtu_tcp import CLASSES
from protocols.vendors.hoymiles.northbound import message
from tests.support.vectors import Vector, load

OTHERS = {  # our messages → module and name of the same in hoymiles-wifi
    "InfoAsk": "APPInfomationData.APPInfoDataResDTO",
    "Greeting": "GetConfig.GetConfigResDTO",
    "Ask": "RealDataNew.RealDataNewResDTO",
    "Command": "CommandPB.CommandResDTO",
    "StatusAsk": "CommandPB.CommandStatusResDTO",
    "Info": "APPInfomationData.APPInfoDataReqDTO",
    "InfoDtu": "APPInfomationData.APPDtuInfoMO",
    "InfoInverter": "APPInfomationData.APPPvInfoMO",
    "Heartbeat": "APPHeartbeatPB.HBReqDTO",
    "RealDataOld": "RealData.RealDataReqDTO",
    "InputOld": "RealData.PvDataMO",
    "Alarms": "WarnData.WarnReqDTO",
    "Alarm": "WarnData.WarnMO",
    "CommandTaken": "CommandPB.CommandReqDTO",
    "Status": "CommandPB.CommandStatusReqDTO",
    "Progress": "CommandPB.MIOperatingStatusMO",
    "Failure": "CommandPB.MIErrorStatusMO",
    "Config": "GetConfig.GetConfigReqDTO",
    "RealData": "RealDataNew.RealDataNewReqDTO",
    "SinglePhase": "RealDataNew.SGSMO",
    "ThreePhase": "RealDataNew.TGSMO",
    "Input": "RealDataNew.PvMO",
    "Network": "NetworkInfo.NetworkInfoReqDTO",
}
OF_COMMAND = {
    "0xA301": "InfoAsk",
    "0xA305": "Command",
    "0xA311": "Ask",
    "0xA201": "Info",
    "0xA205": "CommandTaken",
    "0xA211": "RealData",
    "0x2202": "Heartbeat",
    "0x220B": "Alarms",
}
ELSEWHERE = {"0x2201", "0xA315"}  # only the cloud hears the one, and only a DTU with a memory knows the other
UNKNOWN_FIELDS = {"tcp_cloud_heartbeat_2202_1": {6}, "tcp_cloud_heartbeat_2202_2": {6, 7}}
EMPTY_TEXTS = {"tcp_dtu_info_reply_1"}  # it sends them; we do not
VECTORS = [v for v in load("hoymiles") if v.decoded["kind"] == "tcp10081" and v.decoded["cmd"] not in ELSEWHERE]


def other(name: str) -> Any:
    module, message_name = OTHERS[name].split(".")
    return getattr(import_module(f"hoymiles_wifi.protobuf.{module}_pb2"), message_name)


def fields(descriptor: Descriptor) -> dict[int, tuple[int, bool]]:
    return {field.number: (field.type, field.is_repeated) for field in descriptor.fields}


@pytest.mark.parametrize("name", CLASSES)
def test_a_message_is_as_another_schema_of_the_same_interface_has_it(name: str) -> None:
    ours, theirs = fields(CLASSES[name].DESCRIPTOR), fields(other(name).DESCRIPTOR)
    assert ours.items() <= theirs.items()
    assert ours


def by_number(parsed: Any) -> dict[int, Any]:
    """Return the fields of a message that are set, by number."""

    def plain(field: FieldDescriptor, value: Any) -> Any:
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            return list(value) if field.is_repeated else value
        return [by_number(each) for each in value] if field.is_repeated else by_number(value)

    return {field.number: plain(field, value) for field, value in parsed.ListFields()}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_captured_message_says_what_its_source_says(vector: Vector) -> None:
    name = OF_COMMAND[vector.decoded["cmd"]]
    body = message(vector.raw).body
    parsed = CLASSES[name].FromString(body)
    told = by_number(ParseDict(vector.decoded["fields"], other(name)()))
    assert by_number(parsed) == told
    unknown = {number for number in UNKNOWN_FIELDS.get(vector.name, set()) if number not in told}
    assert unknown == UNKNOWN_FIELDS.get(vector.name, set())
    made = CLASSES[name](**_as_arguments(parsed)).SerializeToString()
    assert by_number(CLASSES[name].FromString(made)) == told
    if vector.name not in EMPTY_TEXTS:
        assert made == (body if not unknown else body[: len(made)])


def _as_arguments(parsed: Any) -> dict[str, Any]:
    """Return the values of a message as an answer gives them."""

    def plain(field: FieldDescriptor, value: Any) -> Any:
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            return list(value) if field.is_repeated else value
        return [_as_arguments(each) for each in value] if field.is_repeated else _as_arguments(value)

    return {field.name: plain(field, value) for field, value in parsed.ListFields()}

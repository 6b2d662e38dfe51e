"""What is said of alarms, and what is asked."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from drivers.mqtt.session import Message
from gateway.alarms.alarm import Refused
from gateway.alarms.command import Action, Command
from gateway.alarms.engine import Standing
from gateway.alarms.record import Record, Shelf, Transition
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from gateway.alarms.trip import Trip
from gateway.mqtt import alarms
from gateway.mqtt.commands import Commands
from gateway.mqtt.payloads import MAX_AUTHOR
from gateway.mqtt.topics import Branch, Gateway, Inverter, SiteWide, Tree, target
from tests.support import virtual_time
from tests.support.alarms import CATALOGUE, ScriptedAlarms
from tests.support.bridges import ROOT, bridge, greeted, running_bridge
from tests.support.brokers import Broker
from tests.support.listener import listening
from tests.support.mqtt_site import NOON, StillSite, identity, running
from tests.support.orders import ScriptedOrders

ROWS = CATALOGUE.by_code()
STAMP = "2026-06-21T12:00:00.000Z"
RECORD = Record("roof-1", 9, AlarmState.ACKED, cause="wet", since=NOON - 1, raised_ts=NOON, acked_ts=NOON, count=3)
STANDING = Standing(ROWS[9], RECORD, uncertain=False)
EDGE = Transition(
    7, NOON, "roof-1", 9, Stimulus.RAISE, AlarmState.NORM, AlarmState.UNACK, Suppression.NONE, 1, since=NOON - 1
)
TRIP = Trip(8, NOON, "roof-1", 3, "SN1", 41, 2, 47.31, 99_000, 99_500, NOON - 1, NOON - 0.5)


@pytest.mark.parametrize(
    ("subject", "address"),
    [
        ("site", SiteWide("alarms")),
        ("branch/b1", Branch("b1", "alarms")),
        ("gateway/east", Gateway("east", "alarms")),
        ("roof-1", Inverter("roof-1", "alarms")),
    ],
)
def test_every_target_of_the_contract_has_its_place_in_the_tree(subject: str, address: Any) -> None:
    assert target(subject, "alarms") == address
    tree = Tree("opencombiner", "home")
    assert tree.parse(tree.topic(address)) == address


def test_an_alarm_in_a_list() -> None:
    assert alarms.alarm(STANDING) == {
        "code": 9,
        "name": "Low insulation of the DC side",
        "priority": "high",
        "state": "acked",
        "active": True,
        "latched": False,
        "shown": True,
        "suppression": "none",
        "suppressed_by": None,
        "suppressed_until": None,
        "uncertain": False,
        "cause": "wet",
        "raised": STAMP,
        "since": "2026-06-21T11:59:59.000Z",
        "cleared": None,
        "acknowledged": STAMP,
        "acknowledged_by": None,
        "first_out": False,
        "count": 3,
    }


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        pytest.param({"state": AlarmState.UNACK}, (True, True, False, "none", None, None), id="there"),
        pytest.param(
            {"state": AlarmState.LATCHED_ACKED}, (True, False, True, "none", None, None), id="held by its latch"
        ),
        pytest.param({"state": AlarmState.RTNUN}, (False, False, False, "none", None, None), id="gone, not acked"),
        pytest.param(
            {"state": AlarmState.UNACK, "locked_out": True}, (True, True, True, "none", None, None), id="locked out"
        ),
        pytest.param(
            {"shelf": Shelf("ann", NOON, one_shot=False), "hidden_by": "10"},
            (False, True, False, "shelved", "ann", STAMP),
            id="shelved",
        ),
        pytest.param({"hidden_by": "10"}, (False, True, False, "by_design", "10", None), id="explained by another"),
        pytest.param(
            {"removed_by": "bob", "hidden_by": "10"},
            (False, True, False, "out_of_service", "bob", None),
            id="out of service",
        ),
    ],
)
def test_whether_an_alarm_is_shown(change: dict[str, Any], shown: tuple[object, ...]) -> None:
    said = alarms.alarm(replace(STANDING, record=replace(RECORD, **change)))
    assert (
        said["shown"],
        said["active"],
        said["latched"],
        said["suppression"],
        said["suppressed_by"],
        said["suppressed_until"],
    ) == shown


def test_a_transition_as_an_event() -> None:
    assert alarms.event(EDGE, ROWS[9]) == {
        "id": f"{NOON * 1000:.0f}-7",
        "ts": STAMP,
        "subject": "roof-1",
        "code": 9,
        "name": "Low insulation of the DC side",
        "kind": "raise",
        "priority": "high",
        "before": "norm",
        "state": "unack",
        "suppression": "none",
        "cause": None,
        "since": "2026-06-21T11:59:59.000Z",
        "first_out": False,
        "count": 1,
        "chatter": 0,
        "by": None,
        "detail": None,
        "until": None,
        "call": None,
        "advice": None,
    }


def test_an_alarm_record_as_an_event() -> None:
    assert alarms.event(TRIP, ROWS[3]) == {
        "id": "SN1-41-99500",
        "ts": STAMP,
        "subject": "roof-1",
        "code": 3,
        "name": "Grid frequency too low",
        "kind": "record",
        "serial": "SN1",
        "record": 41,
        "stage": 2,
        "extreme": 47.31,
        "unit": "Hz",
        "crossed": "2026-06-21T11:59:59.000Z",
        "opened": "2026-06-21T11:59:59.500Z",
        "crossed_ms": 99_000,
        "opened_ms": 99_500,
    }


def test_an_escalation_says_whom_to_call() -> None:
    said = alarms.event(replace(EDGE, stimulus=Stimulus.ESCALATE, detail="twice_a_week"), ROWS[9])
    assert (said["detail"], said["call"]) == ("twice_a_week", "installer")
    assert said["advice"] == ROWS[9].escalation[1].advice


def test_an_alarm_that_the_catalogue_no_longer_has_is_told_without_a_name() -> None:
    assert alarms.event(EDGE, None)["name"] is None
    assert alarms.event(TRIP, None)["unit"] is None


def test_lists_are_retained_and_events_are_not(broker: Broker) -> None:
    subject = ScriptedAlarms({"roof-1": [STANDING], "branch/b1": [], "site": []})
    subject.journal.put(EDGE, TRIP)

    async def main() -> None:
        async with (
            listening(broker.url) as listener,
            running_bridge(bridge(broker, StillSite(running()), alarms=subject)),
        ):
            await greeted(listener)
            await listener.until(lambda: len(listener.of("roof-1/event")) == 2)
            await listener.until(lambda: len(subject.journal.done) == 2)
            events = [said for said in listener.live if said.topic == f"{ROOT}/inverter/roof-1/event"]
            assert [(json.loads(said.payload)["id"], said.qos) for said in events] == [(EDGE.id, 1), (TRIP.id, 1)]
            async with listening(broker.url, client_id="late") as late:
                await late.until(lambda: late.last(f"{ROOT}/site/alarms") is not None)
                assert late.last(f"{ROOT}/inverter/roof-1/alarms") == [alarms.alarm(STANDING)]
                assert late.last(f"{ROOT}/branch/b1/alarms") == []
                await late.until(lambda: late.last(f"{ROOT}/site/state") is not None)
                assert late.last(f"{ROOT}/site/state")["status"] == "faulty"
                assert late.of("/event") == []

    broker.run(main())


def test_a_list_that_changes_is_told_with_the_status_of_the_site(broker: Broker) -> None:
    site, subject = StillSite(running()), ScriptedAlarms({"roof-1": []})

    async def main() -> None:
        async with listening(broker.url) as listener, running_bridge(bridge(broker, site, alarms=subject)):
            await greeted(listener)
            assert listener.last(f"{ROOT}/site/state")["status"] == "normal"
            subject.lists["roof-1"] = [STANDING]
            site.outbox.mark_alarms(["roof-1"])
            await greeted(listener, times=2)
            assert [each["code"] for each in listener.last(f"{ROOT}/inverter/roof-1/alarms")] == [9]
            assert listener.last(f"{ROOT}/site/state")["status"] == "faulty"
            assert listener.last(f"{ROOT}/site/state")["alarm"] == "Low insulation of the DC side"

    broker.run(main())


def test_an_event_without_acknowledgement_is_told_again(broker: Broker) -> None:
    subject = ScriptedAlarms()

    async def main() -> None:
        async with running_bridge(bridge(broker, StillSite(running()), alarms=subject)):
            async with listening(broker.url) as listener:
                await listener.until(lambda: listener.last(f"{ROOT}/bridge/state") == {"state": "online"})
                broker.hang()
                subject.journal.put(EDGE)
                await asyncio.sleep(0.1)
                assert subject.journal.done == []
                broker.stop()
                await listener.until(lambda: listener.lost)
            broker.start()
            async with listening(broker.url) as listener:
                await listener.until(lambda: subject.journal.done == [EDGE])
                assert [event["id"] for event in listener.of("roof-1/event")] in ([EDGE.id], [])

    broker.run(main())


def test_alarms_of_branches_and_gateways_that_left_are_cleared(broker: Broker) -> None:
    async def main() -> set[str]:
        async with listening(broker.url) as listener:
            known = [
                {"id": "roof-1", "channels": 2, "gateway": "east", "branch": "b1"},
                {"id": "roof-2", "channels": 2, "gateway": "west", "branch": "b2"},
            ]
            inventory = Message(f"{ROOT}/bridge/devices", json.dumps(known).encode(), 1, retain=True)
            await listener.publish(inventory)
            async with running_bridge(bridge(broker, StillSite(running()))):
                await listener.until_said(f"{ROOT}/inverter/roof-2/alarms", b"")
            return {said.topic for said in listener.live if not said.payload}

    assert running().identity == identity()
    cleared = broker.run(main())
    assert {f"{ROOT}/branch/b2/alarms", f"{ROOT}/gateway/west/alarms"} <= cleared
    assert not {f"{ROOT}/branch/b1/alarms", f"{ROOT}/gateway/east/alarms"} & cleared


def asked(payload: Any, *, answer: Any = STANDING, retain: bool = False) -> tuple[list[Command], dict[str, Any]]:
    """Return the commands that a request makes, and the answer to it."""

    async def main() -> tuple[list[Command], dict[str, Any]]:
        subject = ScriptedAlarms(answer=answer)
        commands = Commands(Tree("opencombiner", "home"), ScriptedOrders(), subject, lambda: NOON)
        assert commands.take(Message(f"{ROOT}/bridge/request/alarm", json.dumps(payload).encode(), 1, retain=retain))
        reply = await commands.reply()
        assert reply.topic == f"{ROOT}/bridge/response/alarm"
        said = json.loads(reply.payload)
        assert isinstance(said, dict)
        return subject.taken, said

    return virtual_time.run(main())


@pytest.mark.parametrize("action", ["ack", "reset", "shelve", "unshelve"])
def test_a_request_is_a_command_and_its_answer_the_alarm_after_it(action: str) -> None:
    taken, said = asked({"target": "roof-1", "code": 9, "action": action, "for_s": 60, "by": "ann", "transaction": "t"})
    assert taken == [Command(Action(action), "roof-1", 9, "ann", 60.0)]
    assert said == {"status": "ok", "transaction": "t", "data": alarms.alarm(STANDING), "error": None}


def test_a_refusal_goes_back_with_its_code() -> None:
    _, said = asked({"target": "roof-1", "code": 9, "action": "reset"}, answer=Refused("condition_active", "wet"))
    assert said == {
        "status": "error",
        "transaction": None,
        "data": None,
        "error": {"code": "condition_active", "message": "wet"},
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"target": None}, "invalid_payload", id="no target"),
        pytest.param({"code": "nine"}, "invalid_payload", id="a code that is no number"),
        pytest.param({"code": 10**30}, "invalid_payload", id="a code beyond all numbers"),
        pytest.param({"by": ""}, "invalid_payload", id="nobody"),
        pytest.param({"by": "x" * (MAX_AUTHOR + 1)}, "invalid_payload", id="a long name"),
        pytest.param({"for_s": "long"}, "invalid_payload", id="a time that is none"),
        pytest.param({"action": "remove"}, "not_supported", id="an action that is not in the contract"),
        pytest.param({"retain": True}, "retained", id="retained"),
    ],
)
def test_what_is_no_request_is_refused_before_anybody_acts(change: dict[str, Any], code: str) -> None:
    retain = "retain" in change
    taken, said = asked({"target": "roof-1", "code": 9, "action": "ack", "transaction": 5} | change, retain=retain)
    assert (taken, said["status"], said["error"]["code"], said["transaction"]) == ([], "error", code, 5)

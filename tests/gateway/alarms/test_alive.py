"""Alarms from the unit to the broker and back, through the whole daemon on virtual time."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.clock import Trust
from drivers.mqtt.session import Message
from gateway.store import Store
from protocols.commands import AlarmReset
from protocols.points import VR, Channel
from protocols.states import InvSt
from tests.support.alarmed import ROOT, Scene, play
from tests.support.device import PROFILE

NIGHT_S = 12 * 3600.0


def test_an_alarm_comes_and_goes_as_one_event_each(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        assert scene.alarms("inverter/east-1") == {}
        scene.unit("east-1").put(3)
        await asyncio.sleep(30)
        (alarm,) = scene.alarms("inverter/east-1").values()
        assert alarm["name"] == "Grid frequency too low"
        assert (alarm["state"], alarm["active"], alarm["shown"], alarm["count"]) == ("unack", True, True, 1)
        site = scene.ear.last(f"{ROOT}/site/state")
        assert (site["status"], site["alarms"], site["alarm"]) == ("faulty", 1, "Grid frequency too low")
        scene.unit("east-1").put()
        await asyncio.sleep(30)
        assert scene.alarms("inverter/east-1") == {}
        assert scene.ear.last(f"{ROOT}/site/state")["status"] == "normal"

    scene = play(tmp_path, act)
    assert scene.edges() == [("east-1", 3, "raise"), ("east-1", 3, "clear")]
    assert len({event["id"] for event in scene.events()}) == 2


def test_an_outage_of_a_branch_is_shown_as_one_alarm(tmp_path: Path) -> None:
    slots = [f"east-{number}" for number in range(1, 6)]

    async def act(scene: Scene) -> None:
        for slot in slots:
            scene.unit(slot).put(2)
        await asyncio.sleep(60)
        (branch,) = scene.alarms("branch/east").values()
        assert (branch["code"], branch["shown"], branch["cause"]) == (102, True, "reported")
        for slot in slots:
            (unit,) = scene.alarms(f"inverter/{slot}").values()
            assert (unit["code"], unit["shown"], unit["suppression"], unit["suppressed_by"]) == (
                2,
                False,
                "by_design",
                "102",
            )
        assert scene.ear.last(f"{ROOT}/site/state")["alarms"] == 1
        for slot in slots:
            scene.unit(slot).put()
        await asyncio.sleep(60)
        assert scene.alarms("branch/east") == {}

    scene = play(tmp_path, act, branches={"east": 5, "west": 1})
    shown = [event for event in scene.events("raise") if event["suppression"] == "none"]
    assert [(event["subject"], event["code"]) for event in shown][-1] == ("branch/east", 102)
    assert scene.edges("clear").count(("branch/east", 102, "clear")) == 1


def test_night_freezes_an_alarm_and_raises_none(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        unit.put(3)
        await asyncio.sleep(30)
        scene.clock.step(NIGHT_S)
        unit.shown |= {channel: None for channel in unit.shown if channel.point.name == "DCV"}
        unit.awake = False
        await asyncio.sleep(3600)
        (alarm,) = scene.alarms("inverter/east-1").values()
        assert (alarm["code"], alarm["state"], alarm["uncertain"]) == (3, "unack", True)
        assert scene.ear.last(f"{ROOT}/inverter/east-1/availability") == {"state": "sleeping"}
        unit.awake = True
        unit.put()
        await asyncio.sleep(600)
        assert scene.alarms("inverter/east-1") == {}

    scene = play(tmp_path, act)
    assert scene.edges() == [("east-1", 3, "raise"), ("east-1", 3, "clear")]


def test_a_unit_that_is_lost_by_day_is_an_alarm_and_the_site_is_offline(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").awake = False
        await asyncio.sleep(600)
        assert set(scene.alarms("inverter/east-1")) == {101}
        assert scene.ear.last(f"{ROOT}/site/state")["status"] == "offline"
        scene.unit("east-1").awake = True
        await asyncio.sleep(600)
        assert scene.ear.last(f"{ROOT}/site/state")["status"] == "normal"

    scene = play(tmp_path, act)
    assert scene.edges() == [("east-1", 101, "raise"), ("east-1", 101, "clear")]


def test_the_load_of_alarms_is_in_the_gateways_health(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(3, 9)
        await asyncio.sleep(30)
        await scene.ask("east-1", 3, "shelve", for_s=600)
        await asyncio.sleep(60)
        health = scene.ear.last(f"{ROOT}/bridge/health")["alarms"]
        assert (health["standing"], health["shelved"], health["raised"], health["flood"]) == (1, 1, 2, False)
        assert (health["waiting_events"], health["lost_events"]) == (0, 0)

    assert len(play(tmp_path, act).events("raise")) == 2


def test_a_clock_that_is_not_set_is_an_alarm_of_the_site(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.clock.trusted = Trust.GUESSED
        await asyncio.sleep(890)
        assert scene.alarms("site") == {}
        await asyncio.sleep(30)
        assert set(scene.alarms("site")) == {105}
        assert scene.ear.last(f"{ROOT}/site/state")["status"] == "normal"  # the plant is not ill
        scene.clock.trusted = Trust.TRUSTED
        await asyncio.sleep(30)

    scene = play(tmp_path, act)
    assert scene.edges() == [("site", 105, "raise"), ("site", 105, "clear")]


def test_a_link_that_is_down_is_an_alarm_of_the_gateway(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.plant.unplug()
        await asyncio.sleep(60)
        assert set(scene.alarms("gateway/gw")) == {106}
        assert scene.alarms("inverter/east-1") == {}  # nobody knows of the unit
        scene.plant.plug()
        await asyncio.sleep(60)

    scene = play(tmp_path, act)
    assert scene.edges() == [("gateway/gw", 106, "raise"), ("gateway/gw", 106, "clear")]


def test_an_operator_shelves_and_takes_back(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(3)
        await asyncio.sleep(30)
        shelved = (await scene.ask("east-1", 3, "shelve", for_s=600))["data"]
        assert (shelved["suppression"], shelved["suppressed_by"], shelved["shown"]) == ("shelved", "ann", False)
        assert scene.ear.last(f"{ROOT}/site/state")["status"] == "normal"
        await asyncio.sleep(1)
        assert (await scene.ask("east-1", 3, "unshelve"))["data"]["shown"] is True
        assert (await scene.ask("east-1", 3, "unshelve"))["error"]["code"] == "not_supported"
        await scene.ask("east-1", 3, "shelve", for_s=600)
        await asyncio.sleep(610)
        assert scene.alarms("inverter/east-1")[3]["suppression"] == "none"

    scene = play(tmp_path, act)
    assert [(event["kind"], event["by"]) for event in scene.events("shelve", "unshelve")] == [
        ("shelve", "ann"),
        ("unshelve", "ann"),
        ("shelve", "ann"),
        ("unshelve", None),
    ]


def test_an_operator_acknowledges(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(9)
        await asyncio.sleep(30)
        alarm = (await scene.ask("east-1", 9, "ack"))["data"]
        assert (alarm["state"], alarm["acknowledged_by"]) == ("acked", "ann")
        assert alarm["acknowledged"] is not None
        again = await scene.ask("east-1", 9, "ack")
        assert (again["status"], again["error"]["code"]) == ("error", "not_supported")

    scene = play(tmp_path, act)
    (event,) = scene.events("ack")
    assert (event["by"], event["before"], event["state"]) == ("ann", "unack", "acked")
    audits = [each["detail"] for each in scene.ear.of("bridge/event") if each["kind"] == "alarm_command"]
    assert [(each["by"], each["action"], each["result"]) for each in audits] == [
        ("ann", "ack", "ok"),
        ("ann", "ack", "not_supported"),
    ]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        pytest.param({"target": "nowhere", "code": 3, "action": "ack"}, "unknown_target", id="a slot that is not"),
        pytest.param({"target": "east-1", "code": 102, "action": "ack"}, "unknown_target", id="a code of a branch"),
        pytest.param({"target": "branch/x", "code": 102, "action": "ack"}, "unknown_target", id="a branch that is not"),
        pytest.param({"target": "east-1", "code": 9, "action": "reset"}, "not_supported", id="nothing to reset"),
        pytest.param({"target": "east-1", "code": 9, "action": "shelve", "for_s": 1e9}, "out_of_range", id="too long"),
        pytest.param({"target": "east-1", "code": 9, "action": "melt"}, "not_supported", id="no such action"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(tmp_path: Path, facts: dict[str, object], code: str) -> None:
    async def act(scene: Scene) -> None:
        answer = await scene.ask(**facts)  # type: ignore[arg-type]
        assert (answer["status"], answer["data"], answer["error"]["code"]) == ("error", None, code)

    assert play(tmp_path, act).edges() == []


def test_a_retained_request_is_refused(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(9)
        await asyncio.sleep(30)
        asked = b'{"target":"east-1","code":9,"action":"ack","transaction":"old"}'
        await scene.ear.publish(Message(f"{ROOT}/bridge/request/alarm", asked, 1, retain=True))
        await asyncio.sleep(1)  # acts once, live: the broker shows the flag on replay only
        await scene.restart()
        await asyncio.sleep(5)

    scene = play(tmp_path, act)
    answers = scene.ear.of("bridge/response/alarm")
    assert [(each["transaction"], each["status"]) for each in answers] == [("old", "ok"), ("old", "error")]
    assert answers[1]["error"]["code"] == "retained"
    assert len(scene.events("ack")) == 1


def test_a_latch_is_reset_by_the_device_first(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        unit.put(9)
        unit.refuses = (AlarmReset(),)
        await asyncio.sleep(30)
        refused = await scene.ask("east-1", 9, "reset")
        assert refused["error"]["code"] == "condition_active"
        assert "insulation" in refused["error"]["message"]
        assert scene.alarms("inverter/east-1")[9]["active"] is True
        unit.refuses = ()  # repaired
        done = await scene.ask("east-1", 9, "reset")
        assert (done["status"], done["data"]["state"]) == ("ok", "rtnun")  # nobody has acknowledged it yet
        assert unit.commands == [AlarmReset()]
        assert (await scene.ask("east-1", 9, "ack"))["data"]["state"] == "norm"

    scene = play(tmp_path, act)
    assert [(event["kind"], event["by"]) for event in scene.events()] == [
        ("raise", None),
        ("escalate", None),
        ("latch", None),
        ("reset", "ann"),
        ("ack", "ann"),
    ]
    assert scene.alarms("inverter/east-1") == {}
    (call,) = scene.events("escalate")
    assert (call["detail"], call["call"]) == ("first", "owner")
    assert "Keep away" in call["advice"]


def test_a_device_that_says_yes_and_stays_ill_keeps_its_alarm(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        unit.put(9)
        unit.stubborn = True
        await asyncio.sleep(30)
        began = asyncio.get_running_loop().time()
        first = asyncio.ensure_future(scene.ask("east-1", 9, "reset"))
        await asyncio.sleep(5)
        assert (await scene.ask("east-1", 9, "reset"))["error"]["code"] == "duplicate"
        assert (await first)["error"]["code"] == "condition_active"
        assert 60 <= asyncio.get_running_loop().time() - began < 62

    assert play(tmp_path, act).edges("raise", "latch", "reset") == [("east-1", 9, "raise")]


@pytest.mark.parametrize(
    ("awake", "refuses", "after_s", "code"),
    [
        pytest.param(True, (AlarmReset(),), 30.0, "refused_by_device", id="a device that refuses"),
        pytest.param(False, (), 0.0, "no_answer", id="a device that falls silent"),
        pytest.param(False, (), 600.0, "no_answer", id="a device that is lost"),
    ],
)
def test_without_the_device_no_latch_opens(
    tmp_path: Path,
    awake: bool,  # noqa: FBT001 - a column
    refuses: tuple[AlarmReset, ...],
    after_s: float,
    code: str,
) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        unit.put(9)
        await asyncio.sleep(30)
        unit.put()
        await asyncio.sleep(30)
        unit.awake, unit.refuses = awake, refuses
        await asyncio.sleep(after_s)
        answer = await scene.ask("east-1", 9, "reset")
        assert answer["error"]["code"] == code
        assert scene.alarms("inverter/east-1")[9]["state"] == "latched_unack"

    assert play(tmp_path, act).edges("reset") == []


def test_a_sleeper_is_not_reset(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        unit.put(9)
        await asyncio.sleep(30)
        scene.clock.step(NIGHT_S)
        unit.awake = False
        await asyncio.sleep(3600)
        assert (await scene.ask("east-1", 9, "reset"))["error"]["code"] == "asleep"

    assert play(tmp_path, act).edges("reset") == []


def test_a_latch_of_the_day_opens_when_the_unit_generates_after_the_dark(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        unit.put(10)
        await asyncio.sleep(30)
        scene.clock.step(NIGHT_S)
        unit.awake = False
        await asyncio.sleep(2 * 3600)
        unit.awake = True
        unit.put(state=InvSt.STARTING)
        await asyncio.sleep(600)
        assert scene.alarms("inverter/east-1")[10]["state"] == "latched_unack"
        unit.put()
        await asyncio.sleep(10)
        assert scene.alarms("inverter/east-1")[10]["state"] == "rtnun"

    scene = play(tmp_path, act)
    assert [event["kind"] for event in scene.events()] == ["raise", "escalate", "latch", "day_start"]


def test_another_grid_profile_is_an_alarm_and_its_change_judges_the_unit_anew(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        unit.grid_profile = replace(PROFILE, id="other")
        unit.reboot()
        await asyncio.sleep(30)
        alarm = scene.alarms("inverter/east-1")[104]
        assert alarm["cause"] == f"found other, wanted {PROFILE.id}"
        assert scene.ear.last(f"{ROOT}/inverter/east-1/info")["grid_profile"] == "other"
        unit.grid_profile = PROFILE
        unit.reboot()
        await asyncio.sleep(30)
        assert scene.alarms("inverter/east-1") == {}

    scene = play(tmp_path, act)
    assert scene.edges() == [("east-1", 104, "raise"), ("east-1", 104, "reconfigured")]
    assert scene.events("reconfigured")[0]["by"] == "gateway"


def test_other_firmware_begins_the_counts_anew(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        for code in (3, None, 3):
            unit.put(*filter(None, [code]))
            await asyncio.sleep(20)
        assert scene.alarms("inverter/east-1")[3]["count"] == 2
        unit.shown[Channel(VR)] = "2.0.0"
        unit.reboot()
        await asyncio.sleep(30)
        assert scene.alarms("inverter/east-1")[3]["count"] == 1

    assert play(tmp_path, act).edges("raise", "replaced") == [
        ("east-1", 3, "raise"),
        ("east-1", 3, "raise"),
        ("east-1", 3, "replaced"),
        ("east-1", 3, "raise"),
    ]


def test_another_unit_in_the_slot_begins_anew(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(9)
        await asyncio.sleep(20)
        row = scene.app.alarms.journal.units["east-1"]
        assert row.serial == "SNeast001"
        await scene.end()
        store = Store(scene.site.state_dir, inline=True)
        store.put([replace(row, serial="FORMER01")])
        store.close()
        scene.unit("east-1").put()
        await scene.restart()
        await asyncio.sleep(20)
        assert scene.alarms("inverter/east-1") == {}

    assert play(tmp_path, act).edges("raise", "replaced") == [("east-1", 9, "raise"), ("east-1", 9, "replaced")]

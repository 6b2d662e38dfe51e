"""A scripted device: what it offers is what the test sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from protocols.commands import Command, Conn, WMaxLimPct
from protocols.events import AlarmRecord
from protocols.grid_profile import EnterService, GridProfile, Stage
from protocols.points import (
    CONN,
    DCA,
    DCI,
    DCV,
    DCW,
    HZ,
    INV_ST,
    LNV,
    RIS,
    THROT_SRC,
    TMP_CAB,
    TOT_WH_INJ,
    UP_TMS,
    VAR,
    VR,
    W_MAX_LIM_PCT,
    A,
    Channel,
    Value,
    W,
)
from protocols.profile import Model
from protocols.states import InvSt

PROFILE = GridProfile(
    id="de_vde_ar_n_4105_2018_11",
    v_nom=230.0,
    hz_nom=50.0,
    lv=(Stage(80.0, 3.0), Stage(45.0, 0.3)),
    hv=(Stage(125.0, 0.1),),
    hv_avg10=110.0,
    lf=(Stage(47.5, 0.1),),
    hf=(Stage(51.5, 0.1),),
    enter_service=EnterService(v_lo=85.0, v_hi=110.0, hz_lo=47.5, hz_hi=50.1, delay_s=60.0, ramp_s=600.0),
)


def running(ports: int = 1) -> dict[Channel, Value]:
    """Return the values of a unit at work; each is a whole number of every wire's steps."""
    values: dict[Channel, Value] = {
        Channel(INV_ST): InvSt.RUNNING,
        Channel(W): 312.4,
        Channel(VAR): -12.3,
        Channel(LNV): 230.4,
        Channel(A): 1.36,
        Channel(HZ): 50.01,
        Channel(TMP_CAB): 41.5,
        Channel(TOT_WH_INJ): 1_234_567,
        Channel(RIS): 4_700_000,
        Channel(DCI): -0.0034,
        Channel(UP_TMS): 3723.456,
        Channel(W_MAX_LIM_PCT): 100.0,
        Channel(CONN): 1,
        Channel(THROT_SRC): 0,
        Channel(VR): "1.4.2",
    }
    for port in range(1, ports + 1):
        values |= {Channel(DCV, port): 36.25, Channel(DCA, port): 8.875, Channel(DCW, port): 321.7}
    return values


@dataclass
class ScriptedDevice:
    """Obeys every command but those in `refuses`, and keeps what it was told in `commands`."""

    serial: str
    model: Model
    shown: dict[Channel, Value] = field(default_factory=running)
    active: frozenset[int] = frozenset()
    records: tuple[AlarmRecord, ...] = ()
    grid_profile: GridProfile = PROFILE
    refuses: tuple[Command, ...] = ()
    commands: list[Command] = field(default_factory=list)

    def values(self, now: float) -> Mapping[Channel, Value]:  # noqa: ARG002 - the script stands still
        return self.shown

    def alarms(self, now: float) -> frozenset[int]:  # noqa: ARG002 - the script stands still
        return self.active

    def alarm_records(self, now: float) -> Sequence[AlarmRecord]:  # noqa: ARG002 - the script stands still
        return self.records

    def command(self, command: Command, now: float) -> bool:  # noqa: ARG002 - the script stands still
        if command in self.refuses:
            return False
        self.commands.append(command)
        match command:
            case WMaxLimPct(pct):
                self.shown[Channel(W_MAX_LIM_PCT)] = pct
            case Conn(on):
                self.shown[Channel(CONN)] = int(on)
            case _:
                pass
        return True

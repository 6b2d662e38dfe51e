"""Conversations of a gateway with a unit. Who hears a command is judged by what the unit says afterwards."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from protocols.commands import Activate, AlarmReset, Command, Conn, PFWInj, Restart, VarSet, WMaxLimPct
from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed, Mapped, Step, Then, Wait
from protocols.modems.znp.air import MOST_LQI
from protocols.points import CONN, MD, MN, SIGNAL, SN, UP_TMS, VR, W_MAX_LIM_PCT, Channel, Value
from protocols.profile import Model, PollItem, Station
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.ask import Ask, answer_bytes
from protocols.vendors.apsystems.events import GFDI, events
from protocols.vendors.apsystems.family import MODEL_BYTES, Family, family
from protocols.vendors.apsystems.identity import QUESTION, identity_of
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.limits import FORMS, LEAST_W, MOST_W, PAGE_B, LimitForm, page_form
from protocols.vendors.apsystems.models import MODELS, USUAL
from protocols.vendors.apsystems.telemetry import ANSWER_B1, ANSWER_BB, body_family, common, implausible, reading

POLL = 0xBB
ON, OFF, CLEAR_GFDI = 0xC1, 0xC2, 0xCF
SUCCEEDED, REFUSED = 0xDE, 0xDF  # commands of an acknowledgement
ACK_BODY = 5
ACK = 13
PAGE_ANSWERS = (84, 99)  # L2 bytes of a page: QS1 and YC600; DS3
_B1_ANSWER, _QS1A_ANSWER, _BB_ANSWER, _INFO_ANSWER = 88, 90, 99, 19

T = TypeVar("T")
Values = Mapping[Channel, Value]


def live_answer_bytes(kind: Family | None) -> int:
    """Return the L2 length of a family's answer to a poll; the longest where the family is not known."""
    match kind:
        case Family.YC600 | Family.QS1:
            return _B1_ANSWER
        case Family.QS1A:
            return _QS1A_ANSWER
        case _:
            return _BB_ANSWER


def signal_pct(lqi: int) -> float:
    """Return the strength of a link."""
    return 100 * lqi / MOST_LQI


def poll(station: Station, item: PollItem, _: float = 0.0) -> Exchange[Values]:
    """Read an item of the poll plan."""
    match item.name:
        case "live":
            return live(station)
        case "limit":
            return _limit(station)
        case name:
            raise LocalProtocolError(f"no such poll: {name}")


def live(station: Station) -> Exchange[Values]:
    """Read the measurements."""
    known = family(station.serial)

    def accept(frame: L2, lqi: int) -> Values | None:
        if frame.command not in (ANSWER_B1, ANSWER_BB):
            return None
        kind = body_family(frame, known)
        values = reading(kind, frame.body)
        wrong = implausible(kind, values)
        if wrong is not None:
            raise RemoteProtocolError(f"implausible: {wrong}")
        return {**common(values), Channel(SIGNAL): signal_pct(lqi)}

    return Ask(station, L2(POLL), accept, reply_bytes=answer_bytes(live_answer_bytes(known)))


def join(station: Station, _: float = 0.0) -> Exchange[Values]:
    """Ask model and firmware; a unit that does not know that question is polled instead."""

    def accept(frame: L2, _lqi: int) -> Values | None:
        said = identity_of(frame)
        if said is None:
            return None
        plate = _plate(station)
        return {**plate, Channel(VR): said.firmware, Channel(MD): _model_name(station, said.model)}

    info = Ask(station, L2(QUESTION), accept, reply_bytes=answer_bytes(_INFO_ANSWER), tries=1)
    return OrElse(info, Mapped(live(station), lambda _: _plate(station)))


def _plate(station: Station) -> dict[Channel, Value]:
    return {Channel(MN): "APsystems", Channel(SN): station.serial}


def _model_name(station: Station, model: int) -> str:
    """Return the model: the serial number comes before the model byte, of which a YC600 with 08 is known."""
    kind = family(station.serial) or MODEL_BYTES.get(model)
    return f"model {model:02X}" if kind is None else kind.value


class OrElse:
    """An exchange, and another where the first finds no answer."""

    def __init__(self, first: Exchange[Values], second: Exchange[Values]) -> None:
        self._now = first
        self._second: Exchange[Values] | None = second

    def start(self) -> Step[Values]:
        """Start the first."""
        return self._go_on(self._now.start())

    def received(self, raw: bytes) -> Step[Values]:
        """Pass on what was heard."""
        return self._go_on(self._now.received(raw))

    def timed_out(self) -> Step[Values]:
        """Pass on the end of the window."""
        return self._go_on(self._now.timed_out())

    def _go_on(self, step: Step[Values]) -> Step[Values]:
        if self._second is None or not (isinstance(step, Failed) and step.cause is Cause.NO_ANSWER):
            return step
        self._now, self._second = self._second, None
        return self._now.start()


def model_of(station: Station) -> Model | None:
    """Return the figures of a unit: of its model where the site names it, else of its family's usual one."""
    kind = family(station.serial)
    return MODELS.get(station.model) or (USUAL.get(kind) if kind else None)


def _limit(station: Station) -> Exchange[Values]:
    """Read the limit in force."""
    model = model_of(station)

    def accept(frame: L2, _: int) -> Values | None:
        form = page_form(frame)
        if form is None or model is None:
            return None
        return {Channel(W_MAX_LIM_PCT): _pct(form.watt(form.raw_of(frame.body)), model)}

    return Ask(station, L2(PAGE_B), accept, reply_bytes=answer_bytes(max(PAGE_ANSWERS)))


def _pct(watt: float, model: Model) -> float:
    """Return a limit in W per input as % of the rating; units keep limits far above what they can give."""
    return min(100.0, 100 * watt * model.ports / model.rated_w)


class Order:
    """Sends a command once and takes the acknowledgement; silence is no failure, for not all commands have one."""

    def __init__(self, station: Station, frame: L2) -> None:
        self._ask: Ask[bool] = Ask(station, frame, _acknowledged, reply_bytes=answer_bytes(ACK), tries=1)

    def start(self) -> Step[bool]:
        """Send the command."""
        return self._ask.start()

    def received(self, raw: bytes) -> Step[bool]:
        """Take the acknowledgement."""
        step = self._ask.received(raw)
        if isinstance(step, Done) and not step.value:
            return Failed(Cause.REFUSED, "the unit says that it failed")
        return step

    def timed_out(self) -> Step[bool]:
        """Go on to the read-back."""
        return Done(value=True)


def _acknowledged(frame: L2, _: int) -> bool | None:
    if len(frame.body) != ACK_BODY or frame.command not in (SUCCEEDED, REFUSED):
        return None
    return frame.command == SUCCEEDED


class Now(Generic[T]):
    """An exchange that ends before anything is sent."""

    def __init__(self, end: Done[T] | Failed) -> None:
        self._end = end

    def start(self) -> Step[T]:
        """End."""
        return self._end

    def received(self, _: bytes) -> Step[T]:
        """Pass over what is heard."""
        return Wait()

    def timed_out(self) -> Step[T]:
        """End."""
        return self._end


def _refused(why: str) -> Now[Values]:
    return Now(Failed(Cause.REFUSED, why))


def command(station: Station, wanted: Command, _: float = 0.0) -> Exchange[Values]:
    """Carry out a command; the value is what the unit shows afterwards."""
    match wanted:
        case WMaxLimPct(pct):
            return _set_limit(station, pct)
        case Conn(on):
            order = Order(station, L2(ON if on else OFF))
            return Then(order, lambda _: Then(live(station), lambda values: _switched(values, on=on)))
        case Restart():
            return Then(live(station), lambda values: _restart(station, values))
        case AlarmReset():
            order = Order(station, L2(CLEAR_GFDI, check=l2.UNUSED))
            return Then(order, lambda _: Then(live(station), _cleared))
        case Activate() | PFWInj() | VarSet():
            raise LocalProtocolError(f"no command of APsystems units: {wanted}")


def _switched(values: Values, *, on: bool) -> Exchange[Values]:
    shown = values[Channel(CONN)]
    if shown != int(on):
        return _refused(f"reads back {'on' if shown else 'off'}")
    return Now(Done({Channel(CONN): shown}))


def _restart(station: Station, before: Values) -> Exchange[Values]:
    """Send the frame that tools call a restart: by its bytes it switches on, so not to a unit that is switched off."""
    if not before[Channel(CONN)]:
        return _refused("switched off: the restart would switch it on")
    order = Order(station, l2.decode(l2.REBOOT))
    return Then(order, lambda _: Mapped(live(station), lambda after: {Channel(UP_TMS): after[Channel(UP_TMS)]}))


def _cleared(values: Values) -> Exchange[Values]:
    locked = any(event.code == GFDI for event in events(values))
    return _refused("the ground fault is still locked") if locked else Now(Done({}))


def _set_limit(station: Station, pct: float) -> Exchange[Values]:
    """Write the limit, send a filler, which some firmware needs to take it over, and read page B."""
    kind, model = family(station.serial), model_of(station)
    form = FORMS.get(kind) if kind else None
    if form is None or model is None:
        return _refused("how this family takes a limit is not known")
    watt = pct * model.rated_w / 100 / model.ports
    if watt < LEAST_W:
        return _refused(f"{watt:.1f} W per input: a unit takes no less than {LEAST_W:g}; switch it off")
    raw = form.raw(min(watt, MOST_W))
    filler = Order(station, L2(PAGE_B, check=l2.UNUSED))
    written = Then(Order(station, form.write(raw)), lambda _: filler)
    return Then(written, lambda _: Then(_page_b(station, form), lambda shown: _limited(form, raw, shown, model)))


def _page_b(station: Station, form: LimitForm) -> Exchange[int]:
    def accept(frame: L2, _: int) -> int | None:
        return form.raw_of(frame.body) if page_form(frame) is form else None

    return Ask(station, L2(PAGE_B), accept, reply_bytes=answer_bytes(form.page_body + l2.EXTRA))


def _limited(form: LimitForm, wanted: int, shown: int, model: Model) -> Exchange[Values]:
    if shown != wanted:
        return _refused(f"reads back {form.watt(shown):.0f} W per input instead of {form.watt(wanted):.0f}")
    return Now(Done({Channel(W_MAX_LIM_PCT): _pct(form.watt(shown), model)}))

"""What is said of a command's end: in the response to whoever asked, as an event where a write was refused. Pure."""

from gateway.control.order import Outcome, Refusal, UnitResult
from gateway.mqtt.payloads import Json, stamp


def response(outcome: Outcome, target: str, transaction: str | int | None) -> Json:
    """Return the envelope of an answer; a group's data are by slot, and they are there even where all units refuse."""
    if isinstance(outcome, Refusal):
        return _envelope(None, _error(outcome), transaction)
    refused = None if outcome.accepted else _error(next(iter(outcome.refusals.values())))
    if list(outcome.units) == [target]:
        return _envelope(_unit(outcome.units[target]), refused, transaction)
    units = {slot: _unit(unit) for slot, unit in outcome.units.items()}
    return _envelope({"accepted": outcome.accepted, "units": units}, refused, transaction)


def refusal(outcome: Outcome) -> Json | None:
    """Return why a simple write was refused, in whole or by some units; None where it is done, or kept for later."""
    if isinstance(outcome, Refusal):
        return {"error": _error(outcome)}
    refused = {slot: unit.refusal for slot, unit in outcome.units.items() if unit.refusal and not unit.accepted}
    if not refused:
        return None
    return {
        "error": _error(next(iter(refused.values()))),
        "units": {slot: _error(why) for slot, why in refused.items()},
    }


def _unit(result: UnitResult) -> Json:
    said = {"applied": result.applied, "read_back": result.read_back, "at": stamp(result.at)}
    return {"accepted": result.accepted, **said, "error": result.refusal and _error(result.refusal)}


def _error(why: Refusal) -> Json:
    return {"code": why.code.value, "message": why.message}


def _envelope(data: Json | None, error: Json | None, transaction: str | int | None) -> Json:
    return {"status": "error" if error else "ok", "transaction": transaction, "data": data, "error": error}

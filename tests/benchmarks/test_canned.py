from benchmarks import plan
from benchmarks.canned import Canned
from benchmarks.plan import MI_500
from protocols.exchange import Done, Exchange, Send
from protocols.profile import Station
from protocols.vendors.atmoce.profile import PROFILE

SERIALS = plan.serials(2, kind=MI_500)
STATION = Station(SERIALS[1], 2)


def ended(exchange: Exchange[object], units: Canned) -> object:
    """Return how a conversation ends in which every read is answered."""
    step = exchange.start()
    while isinstance(step, Send):
        node, register = step.datagram[0], int.from_bytes(step.datagram[2:4], "big")
        step = exchange.received(units.answer(node, register)) if step.reply_bytes else exchange.timed_out()
    return step


def test_a_canned_unit_joins_and_is_polled_at_the_first_try() -> None:
    units = Canned(SERIALS)
    assert isinstance(ended(PROFILE.join(STATION, 0.0), units), Done)
    assert units.polls == 0
    assert isinstance(ended(PROFILE.poll(STATION, PROFILE.poll_plan[0], 0.0), units), Done)
    assert units.polls == 1

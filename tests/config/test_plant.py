from typing import Any

import pytest

from config.plant import MAX_NODE, Cycle, cycle, nodes
from config.site import Gateway
from protocols.registry import vendor


def gateway(*units: dict[str, Any], **link: float) -> Gateway:
    return Gateway.model_validate(
        {
            "id": "roof",
            "role": "m-combiner",
            "link": {"url": "mem://plc", **link},
            "branches": [{"id": "south", "inverters": [{"model": "MI-400", **unit} for unit in units]}],
        }
    )


def test_addresses_are_given_in_order_around_those_that_are_set() -> None:
    own = gateway({"serial": "AAAA"}, {"serial": "BBBB", "node": 2}, {"serial": "CCCC"}, {"serial": "DDDD", "node": 1})
    assert nodes(own) == {"AAAA": 3, "BBBB": 2, "CCCC": 4, "DDDD": 1}


def test_a_full_link_uses_every_address() -> None:
    units = [{"serial": f"{n:04d}"} for n in range(MAX_NODE)]
    assert sorted(nodes(gateway(*units)).values()) == list(range(1, MAX_NODE + 1))


def test_the_cycle_is_the_paper_time_of_one_poll_of_each_unit() -> None:
    request, reply = vendor("atmoce").poll_bytes
    own = gateway({"serial": "AAAA"}, {"serial": "BBBB"}, bit_rate=4800, overhead_bytes=20, turnaround_s=0.06)
    expected = cycle(own)
    assert expected.transaction_s == pytest.approx((request + reply + 40) * 8 / 4800 + 0.12)
    assert expected.cycle_s == pytest.approx(2 * expected.transaction_s)


@pytest.mark.parametrize(
    ("cycle_s", "period_s"), [(3.7, 5.0), (8.2, 8.2)], ids=["a fast link waits", "a slow link stretches the period"]
)
def test_the_period_is_the_longer_of_asked_and_possible(cycle_s: float, period_s: float) -> None:
    assert Cycle(transaction_s=0.3, cycle_s=cycle_s, poll_s=5.0).period_s == period_s

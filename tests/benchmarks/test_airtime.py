import json

import pytest

from benchmarks import airtime
from config.links import PlcLink
from config.plant import transaction_s
from protocols.vendors.atmoce.profile import PROFILE
from tests.support import tree

SIZE = PROFILE.poll_size(PROFILE.models["MI-400"])
LOADED = "import json, sys, benchmarks.airtime; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"


@pytest.mark.parametrize(
    ("bit_rate", "overhead_bytes", "turnaround_s", "expected_s"),
    [
        pytest.param(2400, 0, 0.0, 53 * 8 / 2400, id="the bytes of question and answer"),
        pytest.param(4800, 0, 0.0, 53 * 8 / 4800, id="half of it at twice the rate"),
        pytest.param(2400, 12, 0.0, 77 * 8 / 2400, id="overhead on both frames"),
        pytest.param(2400, 0, 0.03, 53 * 8 / 2400 + 0.06, id="two changes of direction"),
    ],
)
def test_paper_time(bit_rate: float, overhead_bytes: int, turnaround_s: float, expected_s: float) -> None:
    link = {"bit_rate": bit_rate, "overhead_bytes": overhead_bytes, "turnaround_s": turnaround_s}
    assert airtime.poll_s(link) == pytest.approx(expected_s)


def test_a_setting_that_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match=r"link\.bit_rate is 'fast'"):
        airtime.poll_s({"bit_rate": "fast", "overhead_bytes": 0, "turnaround_s": 0})


def test_it_agrees_with_what_check_tells_the_user() -> None:
    link = PlcLink(url="mem://line", overhead_bytes=7)
    assert airtime.poll_s(link.model_dump()) == pytest.approx(transaction_s(link, SIZE))


def test_it_imports_nothing_of_the_product() -> None:
    loaded = set(json.loads(tree.run(tree.tool("python"), "-c", LOADED).stdout))
    assert "benchmarks" in loaded
    assert loaded & set(tree.PACKAGES) == set()


def test_by_zigbee_a_relay_doubles_the_air_and_a_slow_uart_costs_its_bytes() -> None:
    one = airtime.zigbee_poll_s({"baud": 115_200, "hops": 1})
    assert airtime.zigbee_poll_s({"baud": 115_200, "hops": 2}) - one == pytest.approx(0.0109 + 0.01, abs=5e-4)
    assert airtime.zigbee_poll_s({"baud": 57_600, "hops": 1}) - one == pytest.approx(154 * 10 / 115_200)

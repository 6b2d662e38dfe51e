import pytest

from gateway.telemetry.derived import derived
from protocols.points import PF, VA, VAR, Channel, Value, W


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({Channel(W): 300.0, Channel(VAR): 400.0}, {Channel(VA): 500.0, Channel(PF): 0.6}, id="both"),
        pytest.param({Channel(W): 0.0, Channel(VAR): 0.0}, {Channel(VA): 0.0, Channel(PF): None}, id="none flows"),
        pytest.param({Channel(W): 300.0, Channel(VAR): 4.0, Channel(PF): 0.9}, {}, id="the device sends it"),
        pytest.param({Channel(W): 300.0}, {}, id="no reactive power"),
        pytest.param({Channel(W): None, Channel(VAR): 4.0}, {}, id="active power not available"),
    ],
)
def test_power_factor_follows_from_the_powers(values: dict[Channel, Value], expected: dict[Channel, Value]) -> None:
    assert derived(values) == expected

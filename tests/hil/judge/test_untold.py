"""What a vendor's units do not tell makes an expectation not applicable."""

import pytest

from config.scenario import Expectation
from hil.judge.untold import untold
from protocols.registry import vendor

VENDORS = {"a": vendor("atmoce"), "h": vendor("hoymiles"), "r": vendor("rockcore")}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param({"trip": {"of": "a", "code": 5}}, None, id="atmoce records its trips"),
        pytest.param({"trip": {"of": "h", "code": 5}}, "do not record when they trip", id="hoymiles does not"),
        pytest.param({"led": {"of": "a", "shows": "red_slow"}}, None, id="atmoce tells its lamp"),
        pytest.param({"led": {"of": "h", "shows": "red_slow"}}, "do not tell what their lamp shows", id="no lamp"),
        pytest.param({"alarm": {"of": "h", "code": 5}}, None, id="hoymiles reports alarms"),
        pytest.param({"alarm": {"of": "r", "code": 5}}, "do not report alarm 5", id="rockcore does not"),
        pytest.param({"alarm": {"of": "r", "code": 101}}, None, id="the gateway's own alarms need no vendor"),
        pytest.param({"state": {"of": "h", "is_in": ["fault"]}}, "whether they are fault", id="a state untold"),
        pytest.param({"state": {"of": "h", "is_in": ["running", "throttled"]}}, None, id="one of two states told"),
        pytest.param({"alarm": {"of": "site", "code": 103}}, None, id="a site is nobody's unit"),
        pytest.param({"answer": {"to": "reset"}}, None, id="an answer is the gateway's"),
    ],
)
def test_untold(asked: dict[str, object], why: str | None) -> None:
    found = untold(Expectation.model_validate(asked), VENDORS)
    assert (found is None) if why is None else (found is not None and why in found)

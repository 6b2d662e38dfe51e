"""What the README prints is held against vectors, keys and models."""

import re
from pathlib import Path

import pytest

from config.checks import check_site
from config.loader import load_site
from protocols.vendors.rockcore.keys import FLAGS, KEYS
from protocols.vendors.rockcore.models import ASSUMED, MODELS
from protocols.vendors.rockcore.profile import PROFILE
from tests.support.fixed_clock import FixedClock
from tests.support.vectors import load

README = (Path(__file__).parents[4] / "protocols/vendors/rockcore/README.md").read_text()
PRINTED = re.findall(r"^    (\{.*\})$", README, re.MULTILINE)


def test_messages_are_printed() -> None:
    assert len(PRINTED) == 6


@pytest.mark.parametrize("text", PRINTED, ids=lambda text: text[:24])
def test_a_printed_message_is_a_vector(text: str) -> None:
    assert text.encode() in {vector.raw for vector in load("rockcore")}


def test_every_key_is_in_the_table() -> None:
    _, _, after = README.partition("## 3. Keys")
    assert {*KEYS, *FLAGS} <= set(re.findall(r"`(\w+)`", after))


def test_branch_limits_are_the_models() -> None:
    rows = re.findall(r"^\| (MI3S-\w+) \| (\d+) \| (\d+) \|$", README, re.MULTILINE)
    assert {name: (int(thin), int(thick)) for name, thin, thick in rows} == {
        name: (model.units_per_awg[12], model.units_per_awg[10]) for name, model in MODELS.items()
    }


def test_what_is_assumed_says_so() -> None:
    assert all(model.assumed == ASSUMED for model in MODELS.values())
    assert "assumed" in MODELS["MI3S-400S"].source


def test_topics_and_login_are_those_of_the_profile() -> None:
    push = PROFILE.push
    assert push is not None
    assert f"`{push.uplink}SERIAL`" in README
    assert f"`{push.downlink}SERIAL`" in README
    assert f"as user `{push.user}` with password\n`{push.password}`" in README


def test_the_printed_site_passes_its_check(tmp_path: Path) -> None:
    [printed] = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    path = tmp_path / "site.yaml"
    path.write_text(f"location: {{latitude: 52, longitude: 5, timezone: Europe/Amsterdam}}\n{printed}")
    assert check_site(load_site(path, FixedClock())) == ()

from collections.abc import Callable
from pathlib import Path

import pytest

from config.checks import admit
from config.loader import LoadedSite

SITE = """\
location: HERE
gateways:
  - id: roof
    role: m-combiner
    link: {url: /dev/ttyUSB0}
    branches: [{id: south, inverters: [{serial: 400E00001, model: MI-400}]}]
"""


@pytest.mark.parametrize(
    ("place", "warned"),
    [
        ("{latitude: 52, longitude: 5}", True),
        ("{latitude: 52, longitude: 5, timezone: UTC}", False),
        ("{latitude: 52, longitude: 5, timezone: Europe/Amsterdam}", False),
        ("daylight", False),
    ],
    ids=["no time zone", "UTC as wanted", "a time zone", "daylight"],
)
def test_a_place_without_a_time_zone_is_doubtful(
    load: Callable[[str], LoadedSite], place: str, *, warned: bool
) -> None:
    told = [
        finding.text(Path("site.yaml"))
        for finding in admit(load(SITE.replace(SITE.split("\n", maxsplit=1)[0][10:], place)))
    ]
    expected = (
        "site.yaml:1:11: warning: location.timezone: is not given: the energy of the day begins anew at midnight UTC; "
        "write an IANA name, as Europe/Amsterdam, or UTC if you want it so"
    )
    assert (expected in told) is warned

from collections.abc import Callable

import pytest

from config.checks import check_site
from config.instruments import told
from config.loader import LoadedSite
from config.site import Act

SITE = """\
id: home
location: {latitude: 52.0, longitude: 5.0}
gateways:
  - id: roof
    role: m-combiner
    link: {url: "pty:/tmp/roof"}
    branches:
      - {id: south, inverters: [{serial: 400E2400001, model: MI-400}]}
emulation:
  script:
"""


def findings(load: Callable[[str | bytes], LoadedSite], *acts: str) -> list[str]:
    loaded = load(SITE + "".join(f"    - {act}\n" for act in acts))
    return [finding.text(loaded.path) for finding in check_site(loaded) if "script" in finding.loc]


def test_a_right_script_has_no_finding(load: Callable[[str | bytes], LoadedSite]) -> None:
    acts = (
        "{at_s: 0, name: grid_voltage, args: {pu: 0.8, target: south, ramp_s: 2}}",
        "{at_s: 9, name: grid_voltage, args: {pu: }}",
        "{at_s: 9, name: grid_outage}",
        "{at_s: 9, name: ambient, args: {kelvin: -3, target: 400E2400001}}",
        "{at_s: 9, name: module_swap, args: {serial: 400E2400001, kind: 96_cell}}",
        "{at_s: 9, name: replace, args: {serial: 400E2400001, new_serial: 400E2400002}}",
        "{at_s: 10, name: restart, args: {serial: 400E2400002}}",
        "{at_s: 10, name: unplug, args: {gateway: roof}}",
    )
    assert findings(load, *acts) == []


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (
            "{at_s: 0, name: grid_party}",
            "script[0].name: there is no instrument 'grid_party'; use one of grid_voltage,",
        ),
        (
            "{at_s: 0, name: insulation, args: {ohm: 5}}",
            "script[0]: insulation needs serial; add serial: the serial of",
        ),
        ("{at_s: 0, name: plug, args: {gateway: roof, hard: 1}}", "args.hard: plug takes no 'hard'; it takes gateway"),
        ("{at_s: 0, name: grid_voltage, args: {pu: low}}", "args.pu: 'low' is not a number; write a number"),
        ("{at_s: 0, name: grid_voltage, args: {pu: .inf}}", "args.pu: '.inf' is not a number"),
        ("{at_s: 0, name: grid_voltage, args: {pu: inf}}", "args.pu: 'inf' is not a number"),
        ("{at_s: 0, name: grid_outage, args: {target: north}}", "'north' is not site, or the id of a branch"),
        ("{at_s: 0, name: restart, args: {serial: zzz}}", "'zzz' is not the serial of a unit"),
        ("{at_s: 0, name: restart, args: {serial: }}", "'None' is not the serial of a unit"),
        ("{at_s: 0, name: unplug, args: {gateway: shed}}", "'shed' is not the id of a gateway"),
        (
            "{at_s: 0, name: module_swap, args: {serial: 400E2400001, kind: odd}}",
            "'odd' is not one of right, in_series",
        ),
    ],
)
def test_a_wrong_act_names_its_line(load: Callable[[str | bytes], LoadedSite], act: str, line: str) -> None:
    found = findings(load, act)
    assert len(found) == 1
    assert found[0].startswith("site.yaml:11:")
    assert line in found[0]


def test_numbers_are_told_as_numbers_and_names_as_they_are() -> None:
    act = Act(at_s=1, name="replace", args={"serial": "000123", "new_serial": "1410"})
    assert told(act) == {"serial": "000123", "new_serial": "1410"}
    act = Act(at_s=1, name="grid_voltage", args={"pu": None, "target": "site", "ramp_s": "2.5"})
    assert told(act) == {"pu": None, "target": "site", "ramp_s": 2.5}

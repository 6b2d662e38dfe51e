import pytest

from config.alarms import Level
from config.site import Site
from gateway.alarms.plant import SITE, Plant

LINK = {"url": "mem://x"}
SITE_FILE = Site.model_validate(
    {
        "location": {"latitude": 52, "longitude": 5},
        "gateways": [
            {
                "id": "roof",
                "role": "m-combiner",
                "link": LINK,
                "branches": [
                    {
                        "id": "south",
                        "inverters": [
                            {"serial": "1410E1", "model": "MI-400", "slot": "A1"},
                            {"serial": "1410E2", "model": "MI-400"},
                        ],
                    }
                ],
            },
            {
                "id": "barn",
                "role": "m-combiner",
                "link": LINK,
                "branches": [{"id": "east", "inverters": [{"serial": "1410E3", "model": "MI-500"}]}],
            },
        ],
    }
)
PLANT = Plant.of(SITE_FILE)


def test_a_slot_is_named_by_its_place_or_its_serial() -> None:
    assert PLANT.branches == {"branch/south": ("A1", "1410E2"), "branch/east": ("1410E3",)}


@pytest.mark.parametrize(
    ("subject", "level"),
    [
        ("A1", Level.UNIT),
        ("branch/south", Level.BRANCH),
        ("gateway/barn", Level.GATEWAY),
        (SITE, Level.SITE),
        ("south", None),
    ],
)
def test_a_subject_has_a_level(subject: str, level: Level | None) -> None:
    assert PLANT.level(subject) is level


def test_above_a_slot_are_its_branch_its_gateway_and_the_site() -> None:
    assert [PLANT.above("1410E3", level) for level in Level] == ["1410E3", "branch/east", "gateway/barn", SITE]
    assert PLANT.above("gateway/roof", Level.BRANCH) is None


def test_below_a_subject_is_all_that_belongs_to_it() -> None:
    assert PLANT.below("branch/south") == {"branch/south", "A1", "1410E2"}
    assert PLANT.below("gateway/barn") == {"gateway/barn", "branch/east", "1410E3"}
    assert len(PLANT.below(SITE)) == 8

import pytest

from protocols.profile import Model
from protocols.registry import vendor
from protocols.vendors.hoymiles.conversation import frame_sizes
from protocols.vendors.hoymiles.models import MODELS, part_number, rated_w
from protocols.vendors.hoymiles.serials import FAMILIES

PROFILE = vendor("hoymiles")


@pytest.mark.parametrize(
    ("part", "watt"),
    [
        (0x10121001, 1200),
        (0x10102100, None),
        (0x10101015, 210),
        (0x10101010, 300),
        (0x10217110, 1000),
        (0xF1011400, 800),
    ],
)
def test_a_part_number_tells_the_rated_power(part: int, watt: int | None) -> None:
    assert rated_w(part) == watt


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_part_number_that_an_emulated_unit_tells_is_of_its_rating(model: Model) -> None:
    part = part_number(model)
    assert part == 0 or rated_w(part) == model.rated_w


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_a_name_tells_rating_and_inputs(model: Model) -> None:
    parts = model.name.split("-")
    assert float(parts[1]) == model.rated_w
    if len(parts) == 3 and not model.name.startswith("MIT"):
        assert parts[2] == f"{model.ports}T"
    assert model.phases == (3 if model.name.startswith(("HMT", "MIT")) else 1)


def test_only_the_published_figures_are_not_called_assumed() -> None:
    assert [model.name for model in MODELS.values() if "assumed" not in model.source] == ["HMS-1000-2T"]


@pytest.mark.parametrize(
    ("name", "fragments"),
    [
        ("HM-300", 2),
        ("HM-600", 3),
        ("HM-1500", 4),
        ("HMS-1000-2T", 3),
        ("HMS-2000-4T", 5),
        ("HMT-2250-6T", 7),
        ("MIT-5000-8T", 6),
    ],
)
def test_a_live_answer_has_so_many_fragments(name: str, fragments: int) -> None:
    size = PROFILE.poll_size(MODELS[name])
    assert (size.request, len(size.answers)) == (27, fragments)


def test_every_family_on_the_radio_has_its_serials() -> None:
    polled = [prefix for prefix, family in FAMILIES.items() if family.layout is not None]
    assert PROFILE.serials is not None
    assert [f"{serials.start:012X}"[:4] for serials in PROFILE.serials] == polled
    for family in {FAMILIES[prefix] for prefix in polled}:
        assert family.layout is not None
        assert frame_sizes(family.layout.size)


def test_energy_is_counted_at_every_input() -> None:
    counters = PROFILE.counters(MODELS["HMT-2250-6T"])
    assert [(counter.point.name, counter.port) for counter in counters] == [("DCWhInj", n) for n in range(1, 7)]

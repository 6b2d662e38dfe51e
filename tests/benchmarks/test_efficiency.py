import pytest

from benchmarks import plan
from benchmarks.efficiency import efficiency

PAPER_S = 53 * 8 / 2400 + 0.06


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_efficiency_is_paper_time_over_the_cycle_of_all_units(share: float) -> None:
    cycle_s = 2 * PAPER_S / share
    stamps = {slot: [first + n * cycle_s for n in range(9)] for slot, first in (("a", 0.0), ("b", 0.1))}
    assert efficiency(plan.link("mem://line"), stamps) == pytest.approx(share)


def test_the_first_cycles_and_one_late_answer_do_not_count() -> None:
    stamps = [0.0, 9.0, 18.0, 19.0, 20.0, 21.0, 25.0, 26.0, 27.0]
    assert efficiency(plan.link("mem://line"), {"a": stamps}) == pytest.approx(PAPER_S)

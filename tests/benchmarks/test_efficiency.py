from pathlib import Path

import pytest

from benchmarks import plan
from benchmarks.efficiency import PACED, UNITS, Paced, efficiency
from config.checks import admit
from config.loader import load_site
from config.plant import profile_of, transaction_s
from drivers.clock import SystemClock

PAPER_S = 53 * 8 / 2400 + 0.06


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_efficiency_is_paper_time_over_the_cycle_of_all_units(share: float) -> None:
    cycle_s = 2 * PAPER_S / share
    stamps = {slot: [first + n * cycle_s for n in range(9)] for slot, first in (("a", 0.0), ("b", 0.1))}
    assert efficiency(PAPER_S, stamps) == pytest.approx(share)


def test_the_first_cycles_and_one_late_answer_do_not_count() -> None:
    stamps = [0.0, 9.0, 18.0, 19.0, 20.0, 21.0, 25.0, 26.0, 27.0]
    assert efficiency(PAPER_S, {"a": stamps}) == pytest.approx(PAPER_S)


@pytest.mark.parametrize("paced", PACED, ids=lambda paced: paced.name)
def test_every_line_is_a_site_that_may_run(paced: Paced, tmp_path: Path) -> None:
    section = plan.gateway("gw", paced.link("mem://line"), plan.serials(UNITS, kind=paced.kind), 0.5, kind=paced.kind)
    loaded = load_site(plan.write(tmp_path, "mem://broker", [section], site=paced.site), SystemClock())
    admit(loaded)
    (gateway,) = loaded.site.gateways
    model = profile_of(gateway).models[paced.kind.model]
    product_s = transaction_s(gateway.link, profile_of(gateway).poll_size(model))
    assert paced.poll_s(paced.link("")) == pytest.approx(product_s, rel=0.1)  # a bridge's serial port is not paper time

"""The MI series: figures of the user manual, draft of September 2024.

§7.1 lists some cells in reverse order; units per breaker are those of §4.1.3. Power is printed as W in one place and as
VA in another: both, at power factor 1. The unit starts at 22 V and, once running, works down to 16 V.
"""

from collections.abc import Mapping

from protocols.profile import Model

SOURCE = "Atmoce MI-400/425/450/500 user manual, draft 2024-09, §4.1.3 and §7.1"
PF_MIN = 0.8  # §7.1: adjustable 0.8 leading … 0.8 lagging


def _model(rated_w: int, rated_a: float, per_20_a: int, per_25_a: int) -> Model:
    return Model(
        name=f"MI-{rated_w}",
        ports=1,
        rated_w=rated_w,
        rated_a=rated_a,
        dc_start_v=22.0,
        dc_stop_v=16.0,
        dc_max_v=60.0,
        dc_max_a=16.0,
        units_per_breaker={20: per_20_a, 25: per_25_a},
        source=SOURCE,
    )


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        _model(400, 1.74, 8, 11),
        _model(425, 1.85, 7, 10),
        _model(450, 1.96, 7, 10),
        _model(500, 2.17, 6, 9),
    )
}

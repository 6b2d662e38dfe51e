"""The MI3S series: figures of the user manual where it has any; its table of electrical figures is missing.

What the manual does not say is assumed, so that plant and emulator have something to reckon with; `ASSUMED` names it.
Nobody must choose modules by it. The DC figures are those of other makes' units of this size.
"""

from collections.abc import Mapping

from protocols.profile import Model

SOURCE = "Rockcore MI3S-400S/500S/600S user manual, §2 and §5.5; DC figures and currents assumed"
ASSUMED = frozenset({"ports", "rated_a", "dc_start_v", "dc_stop_v", "dc_max_v", "dc_max_a"})


def _model(rated_w: int, per_12_awg: int, per_10_awg: int) -> Model:
    """Return a model; §5.5 protects a branch of 12 AWG with 50 A and one of 10 AWG with 60 A, at 220, 230 and 240 V."""
    return Model(
        name=f"MI3S-{rated_w}S",
        ports=1,
        rated_w=rated_w,
        rated_a=round(rated_w / 230, 2),
        dc_start_v=22.0,
        dc_stop_v=16.0,
        dc_max_v=60.0,
        dc_max_a=16.0,
        units_per_breaker={50: per_12_awg, 60: per_10_awg},
        units_per_awg={12: per_12_awg, 10: per_10_awg},
        assumed=ASSUMED,
        source=SOURCE,
    )


MODELS: Mapping[str, Model] = {
    model.name: model for model in (_model(400, 13, 17), _model(500, 10, 14), _model(600, 8, 10))
}

"""What hangs on a branch breaker, against what the manufacturer permits there."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from config.site import Branch
from protocols.profile import Model


@dataclass(frozen=True, slots=True)
class Limit:
    """What a manual permits; `used` is the share of it that the branch takes, above 1 is too much."""

    used: float
    permitted: str
    source: str


@dataclass(frozen=True, slots=True)
class BranchLoad:
    """Units by model, the sum of their nominal currents, and the limit: None where no manual has a figure."""

    units: Mapping[str, int]
    drawn_a: float
    limit: Limit | None

    @property
    def text(self) -> str:
        """Return the units in words: 4 x MI-400 + 3 x MI-500."""
        return " + ".join(f"{count} x {model}" for model, count in self.units.items())


def branch_load(branch: Branch, models: Mapping[str, Model]) -> BranchLoad:
    """Return the load of a branch whose models are all known.

    Units of one model are counted against the manual's table. Of a mixture no manual speaks: its nominal currents may
    add up to what the manual permits of the model that fills this breaker best.
    """
    units = Counter(unit.model for unit in branch.inverters)
    drawn_a = sum(models[name].rated_a * count for name, count in units.items())
    if len(units) == 1:
        limit = _of_one_model(models[branch.inverters[0].model], len(branch.inverters), branch.breaker_a)
    else:
        limit = _of_a_mixture(models, drawn_a, branch.breaker_a)
    return BranchLoad(units, round(drawn_a, 2), limit)


def _of_one_model(model: Model, count: int, breaker_a: int) -> Limit | None:
    most = model.units_per_breaker.get(breaker_a)
    return None if most is None else Limit(count / most, f"{most} x {model.name}", model.source)


def _of_a_mixture(models: Mapping[str, Model], drawn_a: float, breaker_a: int) -> Limit | None:
    fillings = [
        (model.rated_a * most, most, model)
        for model in models.values()
        if (most := model.units_per_breaker.get(breaker_a)) is not None
    ]
    if not fillings:
        return None
    most_a, most, model = max(fillings, key=lambda filling: filling[0])
    return Limit(drawn_a / most_a, f"{most_a:.2f} A, which {most} x {model.name} draw", model.source)

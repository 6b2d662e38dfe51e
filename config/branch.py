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

    Units of one model are counted against the manual's table: by the breaker, by the gauge of the wire where the site
    file names it, by the lower of both. Of a mixture no manual speaks: its nominal currents may add up to what the
    manual permits of the model that fills this branch best.
    """
    units = Counter(unit.model for unit in branch.inverters)
    drawn_a = sum(models[name].rated_a * count for name, count in units.items())
    if len(units) == 1:
        limit = _of_one_model(models[branch.inverters[0].model], len(branch.inverters), branch)
    else:
        limit = _of_a_mixture(models, drawn_a, branch)
    return BranchLoad(units, round(drawn_a, 2), limit)


def _most(model: Model, branch: Branch) -> int | None:
    """Return how many units of a model the branch may have; None where no manual says."""
    by_breaker = model.units_per_breaker.get(branch.breaker_a)
    by_wire = None if branch.wire_awg is None else model.units_per_awg.get(branch.wire_awg)
    return min((most for most in (by_breaker, by_wire) if most is not None), default=None)


def _of_one_model(model: Model, count: int, branch: Branch) -> Limit | None:
    most = _most(model, branch)
    return None if most is None else Limit(count / most, f"{most} x {model.name}", model.source)


def _of_a_mixture(models: Mapping[str, Model], drawn_a: float, branch: Branch) -> Limit | None:
    fillings = [
        (model.rated_a * most, most, model) for model in models.values() if (most := _most(model, branch)) is not None
    ]
    if not fillings:
        return None
    most_a, most, model = max(fillings, key=lambda filling: filling[0])
    return Limit(drawn_a / most_a, f"{most_a:.2f} A, which {most} x {model.name} draw", model.source)

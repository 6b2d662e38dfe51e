from emulator.order import Order


class Clockwork:
    """Is due every `every` from its number on, and writes down its steps."""

    def __init__(self, name: str, due: float, every: float, log: list[tuple[float, str]]) -> None:
        self.name, self.due, self._every, self._log = name, due, every, log

    def step(self) -> None:
        self._log.append((self.due, self.name))
        self.due += self._every


def test_units_live_in_the_order_of_time_whoever_is_asked() -> None:
    log: list[tuple[float, str]] = []
    order = Order()
    for unit in (Clockwork("a", 3.0, 3.0, log), Clockwork("b", 2.0, 5.0, log)):
        order.enter(unit)
    order.advance(1.9)
    assert log == []
    order.advance(7.0)
    assert log == [(2, "b"), (3, "a"), (6, "a"), (7, "b")]
    order.advance(7.0)
    assert len(log) == 4


def test_a_unit_that_is_due_earlier_than_it_said_is_looked_after_then() -> None:
    log: list[tuple[float, str]] = []
    order, unit = Order(), Clockwork("a", 10.0, 10.0, log)
    order.enter(unit)
    unit.due = 4.0
    order.enter(unit)
    order.advance(14.0)
    assert log == [(4, "a"), (14, "a")]


def test_a_unit_that_left_is_never_due() -> None:
    log: list[tuple[float, str]] = []
    order, unit = Order(), Clockwork("a", 10.0, 10.0, log)
    order.enter(unit)
    unit.due = float("inf")
    order.advance(1000.0)
    assert log == []

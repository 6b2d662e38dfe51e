from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import BOTH_BROKERS, Broker, started


@pytest.fixture(params=BOTH_BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    yield from started(request.param, tmp_path)

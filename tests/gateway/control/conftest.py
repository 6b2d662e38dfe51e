from pathlib import Path

import pytest

from config.site import Site
from drivers.mqtt import memory
from tests.support.daemon import described


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Describe a plant whose broker is away, so that news waits where the test can see it."""
    broker = memory.broker(f"away-{tmp_path.name}")
    broker.stop()
    return described(tmp_path, broker=f"mem://{broker.name}")

import sys
from importlib import util

import pytest

from protocols.errors import ConfigError


def test_without_numpy_the_emulator_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = util.find_spec("emulator")
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ConfigError, match=r"numpy; remedy: pip install 'opencombiner\[emulator\]'"):
        spec.loader.exec_module(util.module_from_spec(spec))

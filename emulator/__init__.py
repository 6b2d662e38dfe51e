"""The mirror of the gateway: sky, grid, inverters, medium and modems, served at the end of a link.

Raises ConfigError on import when numpy, the extra `emulator`, is not installed.
"""

from importlib.util import find_spec

from protocols.errors import ConfigError

if find_spec("numpy") is None:
    raise ConfigError("the emulator needs numpy; remedy: pip install 'opencombiner[emulator]'")

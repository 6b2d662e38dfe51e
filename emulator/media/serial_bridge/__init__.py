"""The air around a radio bridge: nRF24 and CMT2300A, with an inverter's radio on the one that its family has."""

from config.site import Impairments
from emulator.host import Modem
from emulator.inverter import Inverter
from emulator.media.serial_bridge.air import Air
from emulator.media.serial_bridge.bridge import Bridge
from emulator.media.serial_bridge.unit import CmtUnit, NrfUnit, Unit

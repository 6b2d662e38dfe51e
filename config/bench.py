"""What a scenario can do, and with which instrument: the acts on the plant, and those on everything around it."""

from collections.abc import Mapping

from config.instruments import INSTRUMENTS, Argument, Kind, Vocabulary

WORDS = ("gridsim", "pvsim", "das", "switch", "der", "hil")  # as users of the SunSpec SVP call them
_SECONDS, _TEXT = Argument(Kind.NUMBER), Argument(Kind.TEXT)
_ALARM_ACTIONS = Argument(Kind.WORD, words=("ack", "reset", "shelve", "unshelve"))
SURROUNDINGS: Vocabulary = {
    "mark": {},  # nothing: a name for an instant
    "broker_down": {},
    "broker_up": {},
    "broker_hang": {},  # half open: it takes everything and answers nothing
    "broker_resume": {},
    "broker_slow": {"delay_s": _SECONDS},
    "clock_step": {"seconds": _SECONDS},
    "clock_trust": {"trust": Argument(Kind.WORD, words=("trusted", "guessed"))},
    "gateway_stop": {},
    "gateway_kill": {},  # as kill -9: no last word, and the database as it is at that instant
    "gateway_start": {},
    "alarm": {
        "target": _TEXT,
        "code": _SECONDS,
        "action": _ALARM_ACTIONS,
        "for_s": Argument(Kind.NUMBER, needed=False),
    },
    "command": {
        "target": _TEXT,
        "command": _TEXT,
        "value": Argument(Kind.NUMBER, needed=False),
        "unit": Argument(Kind.TEXT, needed=False),
    },
    "publish": {"topic": _TEXT, "payload": _TEXT},  # topic below BASE/SITE/: a write as a simple client does it
}
ACTS: Vocabulary = {**INSTRUMENTS, **SURROUNDINGS}
_BY_WORD: Mapping[str, tuple[str, ...]] = {
    "gridsim": ("grid_voltage", "grid_frequency", "phase_loss", "phase_restore"),
    "pvsim": ("irradiance", "clouds", "module_swap", "insulation"),
    "switch": (
        *("grid_outage", "grid_restore", "grid_breaker_open", "grid_breaker_close", "relay_open", "relay_close"),
        *("meter_open", "meter_close", "unplug", "plug"),
    ),
}
# the rest of what is done to the plant is done to its devices and to the way to them
WORD_OF: Mapping[str, str] = {
    **dict.fromkeys(INSTRUMENTS, "der"),
    **dict.fromkeys(SURROUNDINGS, "hil"),
    **{act: word for word, acts in _BY_WORD.items() for act in acts},
}

"""Which vendor and which medium a role stands for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A gateway box that the daemon can play."""

    vendor: str
    medium: str
    title: str


ROLES = {
    "m-combiner": Role(vendor="atmoce", medium="plc", title="M-Combiner (Atmoce)"),
}

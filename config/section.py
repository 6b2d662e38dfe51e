"""What the sections of the site file are made of."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

ID = r"^[A-Za-z0-9_-]{1,40}$"  # stands in topics and in Home Assistant's ids
SERIAL = r"^[0-9A-Za-z]{4,16}$"
TOPIC = r"^[^#+\s]+$"
BROKER_URL = r"^(mqtt|mqtts|mem)://"
LINK_URL = r"^(/dev/|pty:|socket://|mem://|replay://)"
FORMS = {
    ID: "1 to 40 letters, digits, _ and -",
    SERIAL: "4 to 16 letters and digits, as printed on the unit",
    TOPIC: "a topic without blanks, # and +",
    BROKER_URL: "mqtt://host:port, mqtts://host:port or mem://name",
    LINK_URL: "/dev/ttyUSB0, pty:PATH, socket://host:port, mem://name or replay://FILE",
}  # each pattern in words, for error texts
Id = Annotated[str, Field(pattern=ID)]
Serial = Annotated[str, Field(pattern=SERIAL)]


class Section(BaseModel):
    """Part of the site file; an unknown key is an error, so that no typo goes unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    told_apart_by: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, data: Any) -> Any:
        """Drop known keys without a value: a section whose lines are all commented out takes its defaults."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

"""What the sections of the site file are made of."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

ID = r"^[A-Za-z0-9_-]{1,40}$"  # stands in topics and in Home Assistant's ids
SERIAL = r"^[0-9A-Za-z]{4,16}$"
ECU_ID = r"^[0-9A-Fa-f]{12}$"
DTU_SERIAL = r"^[0-9A-Fa-f]{8,12}$"
TOPIC = r"^[^#+\s]+$"
BROKER_URL = r"^(mqtt|mqtts|mem)://"
ADDRESS_URL = r"^(socket://|mem://|replay://)"
LINK_URL = r"^(/dev/|pty:|socket://|mem://|replay://)"
FORMS = {
    ID: "1 to 40 letters, digits, _ and -",
    SERIAL: "4 to 16 letters and digits, as printed on the unit",
    ECU_ID: "12 hexadecimal digits",
    DTU_SERIAL: "8 to 12 hexadecimal digits, as printed on a DTU",
    TOPIC: "a topic without blanks, # and +",
    BROKER_URL: "mqtt://host:port, mqtts://host:port or mem://name",
    ADDRESS_URL: "socket://host:port, mem://name or replay://FILE",
    LINK_URL: "/dev/ttyUSB0, pty:PATH, socket://host:port, mem://name or replay://FILE",
}  # each pattern in words, for error texts
Id = Annotated[str, Field(pattern=ID)]
Serial = Annotated[str, Field(pattern=SERIAL)]


class Section(BaseModel):
    """Part of the site file; an unknown key is an error, so that no typo goes unseen."""

    # a section alone is never read: the file that it is part of builds its validator, once, with all of them
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)
    told_apart_by: ClassVar[str] = ""  # the setting that names the class of a section which has several

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, data: Any) -> Any:
        """Drop known keys without a value: a section whose lines are all commented out takes its defaults."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

    @classmethod
    def tags(cls) -> tuple[str, ...]:
        """Return the values of `told_apart_by` that stand for this class."""
        key = cls.told_apart_by
        return get_args(cls.model_fields[key].annotation) if key else ()


class OneOf:
    """Annotates one section or a union of several: the setting `told_apart_by` says which class a section is.

    A section without that setting is of the class that has it as its default. Unlike pydantic's own discriminator it
    takes a union of one, and a default; errors have the tag in their path, which `config.explain` takes out.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members: tuple[type[Section], ...] = get_args(source) or (source,)
        key = members[0].told_apart_by
        usual = next((member.model_fields[key].default for member in members if not _required(member, key)), None)

        def tag_of(data: Any) -> Any:
            if not isinstance(data, Mapping | Section):
                return members[0].tags()[0]  # any class says that this is no section
            told = data.get(key) if isinstance(data, Mapping) else getattr(data, key)
            return usual if told is None else told

        choices = {tag: handler.generate_schema(member) for member in members for tag in member.tags()}
        return core_schema.tagged_union_schema(choices, discriminator=tag_of)


def _required(section: type[Section], key: str) -> bool:
    return section.model_fields[key].is_required()

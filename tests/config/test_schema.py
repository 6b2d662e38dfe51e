import json

import pytest
from pydantic import TypeAdapter

from config.packaged import packaged
from config.schema import schema
from config.section import FORMS
from config.site import Site


def test_the_schema_in_the_package_is_the_one_of_the_code() -> None:
    assert packaged("site.schema.json").read_text("utf-8") == schema(), (
        "opencombiner schema > config/data/site.schema.json"
    )


def test_the_schema_knows_daylight_and_refuses_unknown_keys() -> None:
    site = json.loads(schema())
    assert {"const": "daylight", "type": "string"} in site["properties"]["location"]["anyOf"]
    assert site["additionalProperties"] is False


def test_every_pattern_has_its_words() -> None:
    text = schema()
    patterns = {json.loads(f'"{part.split(chr(34))[0]}"') for part in text.split('"pattern": "')[1:]}
    assert patterns == set(FORMS)


def test_daylight_needs_the_time() -> None:
    with pytest.raises(ValueError, match="daylight needs to know the time"):
        TypeAdapter(Site).validate_python({"location": "daylight", "gateways": []})

"""The JSON schemas of the site file and of the scenario file, for editors and for readers."""

import json
from typing import Any

from config.bench import ACTS
from config.scenario import Scenario
from config.site import Site

_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
_FORMULA = {"type": "string", "pattern": r"\$\{"}
_LOOP = {"type": "object", "required": ["for", "each"], "additionalProperties": False}


def schema() -> str:
    """Return the schema as config/data/site.schema.json holds it."""
    return _text(Site.model_json_schema())


def scenario_schema() -> str:
    """Return the schema as config/data/scenario.schema.json holds it: a formula or a loop may stand anywhere."""
    plain = Scenario.model_json_schema()
    plain["$defs"]["Event"]["properties"]["name"]["enum"] = list(ACTS)
    return _text(_open(plain))


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(_DIALECT | schema, indent=2, ensure_ascii=False) + "\n"


def _open(schema: Any) -> Any:
    """Return a schema that lets a formula stand for each number and choice, and a loop for the items of a list."""
    if isinstance(schema, list):
        return [_open(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    opened = {key: _open(value) for key, value in schema.items()}
    if opened.get("type") in {"number", "integer", "boolean"} or "enum" in opened or "const" in opened:
        return {"anyOf": [opened, _FORMULA]}
    if opened.get("type") == "array" and "items" in opened:
        loop = {**_LOOP, "properties": {"for": {"type": "object"}, "each": {"type": "array"}}}
        opened["items"] = {"anyOf": [opened["items"], loop]}
    return opened

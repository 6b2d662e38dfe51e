"""The JSON schema of the site file, for editors and for readers."""

import json

from config.site import Site


def schema() -> str:
    """Return the schema as config/data/site.schema.json holds it."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | Site.model_json_schema(), indent=2, ensure_ascii=False) + "\n"

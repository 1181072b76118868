"""The shape of a feed document: its published JSON Schema, by which readers judge it too."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA_FILE = "thresholds-1.schema.json"


def schema_text() -> str:
    """The JSON Schema (2020-12) of a feed document."""
    return resources.files(__package__).joinpath(SCHEMA_FILE).read_text("utf-8")


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema_text()))


def misshapen(document: Any) -> str | None:
    """Where a document departs from its schema, as a path of keys; None if it does not."""
    fault = next(iter(_validator().iter_errors(document)), None)
    if fault is None:
        return None
    return ".".join(str(step) for step in fault.absolute_path) or "最外层"

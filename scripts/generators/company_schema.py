"""The JSON schema of company files, by which editors check them."""

from __future__ import annotations

import ast
import inspect
import json
from typing import Any

from dingtalk_models.company_file import models
from dingtalk_models.company_file.writing import SCHEMA_URL


def company_schema() -> str:
    """The schema, with what the source says of each field."""
    schema = models.CompanyFile.model_json_schema()
    described = _descriptions()
    for name, part in {**schema["$defs"], "CompanyFile": schema}.items():
        for field, told in part.get("properties", {}).items():
            told.pop("title", None)
            told.update(described.get((name, field), {}))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_URL}
    return json.dumps({**head, **schema}, ensure_ascii=False, indent=1) + "\n"


def _descriptions() -> dict[tuple[str, str], dict[str, Any]]:
    """The texts below the fields, by class and field."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in ast.parse(inspect.getsource(models)).body:
        if isinstance(part, ast.ClassDef):
            for field, text in zip(part.body, part.body[1:], strict=False):
                match field, text:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                        found[part.name, name] = {"description": said}
                    case _:
                        pass
    return found

"""The OpenAPI document of the handle, generated from the declarations of its operations."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

from dingtalk_models.sandbox.handle import PREFIX
from dingtalk_models.sandbox.handle.operations import HandleOperation
from dingtalk_models.sandbox.handle.problems import HandleProblem

_ABOUT: Final = (
    "Everything that `dingtalk_models.sandbox.Sandbox` can do in Python, over HTTP. "
    "`x-python` says what does the same there.\n\n"
    "模拟服务器的操作接口：Python 中 Sandbox 能做的，这里都能做；x-python 是对应的 Python 写法。"
)
_BYTES: Final[dict[str, Any]] = {"application/octet-stream": {}}
_REFS: Final = "#/components/schemas/{model}"


def document(operations: Iterable[HandleOperation]) -> bytes:
    """Make the document as JSON."""
    declared = list(operations)
    adapters: list[tuple[tuple[int, str], Any, TypeAdapter[Any]]] = []
    for number, each in enumerate(declared):
        if each.body is not None:
            adapters.append(((number, "body"), "validation", each.body))
        if each.reply is not None:
            adapters.append(((number, "reply"), "serialization", each.reply))
    adapters.append(((-1, "problem"), "serialization", TypeAdapter(HandleProblem)))
    schemas, shared = TypeAdapter.json_schemas(adapters, by_alias=False, ref_template=_REFS)
    found = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for number, each in enumerate(declared):
        described = _described(each, found.get((number, "body")), found.get((number, "reply")))
        paths.setdefault(PREFIX + each.path.replace(":path}", "}"), {})[each.verb.lower()] = described
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "DingTalk sandbox / 钉钉模拟服务器", "version": "1", "description": _ABOUT},
            "security": [{}, {"key": []}, {"bearer": []}],
            "tags": [{"name": name} for name in dict.fromkeys(each.subject for each in declared)],
            "paths": paths,
            "components": {
                "schemas": shared["$defs"],
                "securitySchemes": {
                    "key": {"type": "apiKey", "in": "header", "name": "X-Sandbox-Key"},
                    "bearer": {"type": "http", "scheme": "bearer"},
                },
                "responses": {
                    "Problem": {
                        "description": "What is wrong, which field, and what to do. / 错误原因、字段和处理办法。",
                        "content": {"application/json": {"schema": found[-1, "problem"]}},
                    }
                },
            },
        },
        ensure_ascii=False,
    ).encode()


def _described(operation: HandleOperation, body: object, reply: object) -> dict[str, Any]:
    """Describe one operation."""
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.subject],
        "x-python": f"sandbox.{operation.python}",
    }
    parameters = [*_parameters(operation.place, "path"), *_parameters(operation.query, "query")]
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None or operation.takes_bytes:
        content = _BYTES if operation.takes_bytes else {"application/json": {"schema": body}}
        described["requestBody"] = {"required": operation.needs_body, "content": content}
    done: dict[str, Any] = {"description": "Done. / 成功。"}
    if reply is not None:
        done["content"] = {"application/json": {"schema": reply}}
    elif operation.gives_bytes:
        done["content"] = _BYTES
    refused = {"$ref": "#/components/responses/Problem"}
    described["responses"] = {"200" if "content" in done else "204": done, "4XX": refused}
    return described


def _parameters(model: type[BaseModel] | None, place: str) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            "schema": {key: value for key, value in about.items() if key not in ("title", "description")},
            **({"description": about["description"]} if "description" in about else {}),
        }
        for name, about in schema.get("properties", {}).items()
    ]

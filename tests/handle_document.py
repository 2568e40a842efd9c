"""A client of the handle that knows nothing but its OpenAPI document: it builds requests, and checks replies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import requests

from dingtalk_models.core.json_values import is_array, is_object

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """An operation, as the document has it."""

    verb: str
    path: str
    about: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.about["operationId"])

    @property
    def python(self) -> str:
        """The same in Python, as an attribute of `Sandbox`."""
        return str(self.about["x-python"]).removeprefix("sandbox.")


class Document:
    """The document of the sandbox at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.text: dict[str, Any] = requests.get(f"{url}/_sandbox/openapi.json", timeout=10).json()

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """The operations, by their ids."""
        found = (
            Operation(verb, path, about) for path, verbs in self.text["paths"].items() for verb, about in verbs.items()
        )
        return {each.id: each for each in found}

    def call(self, name: str, known: Mapping[str, Any], body: Any = None) -> requests.Response:
        """Call an operation, and check the reply by the document.

        Args:
            name: the id of the operation.
            known: values of parameters and fields by name; the rest is made of the schemas.
            body: the body, instead of one that is made.
        """
        operation = self.operations[name]
        place = operation.path
        query: dict[str, Any] = {}
        for parameter in operation.about.get("parameters", ()):
            value = known.get(parameter["name"], self.example(parameter["schema"], known, parameter["name"]))
            if parameter["in"] == "path":
                place = place.replace(f"{{{parameter['name']}}}", quote(str(value), safe=""))
            elif value is not None:
                query[parameter["name"]] = value
        taken = operation.about.get("requestBody", {}).get("content", {})
        if body is None and "application/json" in taken:
            body = self.example(taken["application/json"]["schema"], known)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        reply = requests.request(operation.verb, self.url + place, params=query, data=content, timeout=60)
        self.check(operation, reply)
        return reply

    def check(self, operation: Operation, reply: requests.Response) -> None:
        """Whether a reply is as the document says."""
        described = operation.about["responses"]
        status = str(reply.status_code)
        about = described.get(status) or described[f"{status[0]}XX"]
        if "$ref" in about:
            about = self._at(about["$ref"])
        content = about.get("content", {})
        if not content:
            assert reply.content == b""
            return
        kind = reply.headers["content-type"].partition(";")[0]
        assert kind in content
        if kind == "application/json":
            schema = {**content[kind]["schema"], "components": self.text["components"]}
            problems = jsonschema_rs.validator_for(schema).iter_errors(reply.json())
            assert [f"{each.instance_path}: {each.message}" for each in problems] == []

    def example(self, schema: Schema, known: Mapping[str, Any], name: str = "") -> Any:
        """A value that fits a schema: the known one of this name, else the smallest."""
        if name in known:
            return known[name]
        if "const" in schema or "default" in schema:
            return schema.get("const", schema.get("default"))
        options = [self._at(schema["$ref"])] if "$ref" in schema else schema.get("anyOf", schema.get("oneOf"))
        if options:
            return self.example(next(each for each in options if each.get("type") != "null"), known, name)
        kind = schema.get("type")
        if kind == "object":
            parts: dict[str, Schema] = schema.get("properties", {})
            return {key: self.example(parts[key], known, key) for key in schema.get("required", [])}
        if kind == "array":
            return [self.example(schema["items"], known, name)] * schema.get("minItems", 0)
        return _smallest(schema)

    def schemas(self) -> Iterator[Schema]:
        """Every schema: the shared ones, and those of parameters, bodies and replies."""
        yield from self.text["components"]["schemas"].values()
        yield from _schemas_in(self.text["paths"])

    def _at(self, reference: str) -> Any:
        found: Any = self.text
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found


def _schemas_in(part: Any) -> Iterator[Schema]:
    if is_array(part):
        for value in part:
            yield from _schemas_in(value)
    elif is_object(part):
        for name, value in part.items():
            if name == "schema":
                yield value
            else:
                yield from _schemas_in(value)


def _smallest(schema: Schema) -> Any:
    """A text, a number or a truth value that fits a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    if "pattern" in schema:
        known = ("13811112222", "http://127.0.0.1:9/robot", "mp4")
        return next(text for text in known if re.search(schema["pattern"], text))
    number = max(schema.get("minimum", 0), schema.get("exclusiveMinimum", -1) + 1)
    return {"string": "x" * schema.get("minLength", 1), "boolean": False}.get(schema.get("type", ""), number)

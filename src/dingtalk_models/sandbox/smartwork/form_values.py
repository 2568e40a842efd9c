"""Reads the values of a form, and checks that they fit its components."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.smartwork.approvals import CamelCase
from dingtalk_models.sandbox.state.approval import Component
from dingtalk_models.sandbox.state.company import Company

LONGEST: Final = 65_535
MOST_CONTACTS: Final = 50
"""The largest number of contacts in a table."""


class Value(CamelCase):
    """The value of one component."""

    name: str = ""
    value: str | list[Any] | None = None
    id: str | None = None
    biz_alias: str | None = None


Values = Annotated[list[Value], Field(alias="formComponentValues", max_length=150)]

_ARRAY: Final = TypeAdapter(list[Any])
_ROWS: Final = TypeAdapter(list[list[Value]])


def _array(text: str) -> list[Any]:
    return _ARRAY.validate_json(text)


def _is_date(text: str, component: Component) -> bool:
    wanted = component.props.get("format")
    shapes = {"yyyy-MM-dd": r"\d{4}-\d\d-\d\d", "yyyy-MM-dd HH:mm": r"\d{4}-\d\d-\d\d \d\d:\d\d"}
    allowed = [shapes[wanted]] if wanted in shapes else shapes.values()
    datetime.fromisoformat(text)
    return any(re.fullmatch(shape, text) for shape in allowed)


def _are_dates(text: str, component: Component) -> bool:
    days = _array(text)
    return len(days) == 2 and all(_is_date(day, component) for day in days)


def _are_files(text: str) -> bool:
    return all(isinstance(file, dict) and "fileId" in file for file in _array(text))


def _is_text(company: Company, component: Component, text: str) -> bool:
    del company, component, text
    return True


FITS: Final[dict[str, Callable[[Company, Component, str], bool]]] = {
    "TextField": _is_text,
    "TextareaField": _is_text,
    "PhoneField": _is_text,
    "NumberField": lambda _company, _component, text: bool(re.fullmatch(r"-?\d+(\.\d+)?", text)),
    "MoneyField": lambda _company, _component, text: bool(re.fullmatch(r"-?\d+(\.\d+)?", text)),
    "DDSelectField": lambda _company, component, text: text in component.options,
    "DDMultiSelectField": lambda _company, component, text: {*_array(text)} <= {*component.options},
    "DDDateField": lambda _company, component, text: _is_date(text, component),
    "DDDateRangeField": lambda _company, component, text: _are_dates(text, component),
    "DDPhotoField": lambda _company, _component, text: len(_array(text)) <= 9,
    "DDAttachment": lambda _company, _component, text: _are_files(text),
    "InnerContactField": lambda company, _component, text: {*_array(text)} <= company.users.keys(),
    "DepartmentField": lambda company, _component, text: {*map(int, text.split(","))} <= company.departments.keys(),
    "RelateField": lambda company, _component, text: (
        len(_array(text)) <= 9 and {*_array(text)} <= company.workflow.instances.keys()
    ),
    "AddressField": lambda _company, _component, text: all(text.split(",")),
    "StarRatingField": lambda _company, component, text: int(text) <= int(component.props.get("limit", 5)),
}


def _text_of(company: Company, component: Component, given: Value) -> str:
    """Return the text to store for a value. Refuse a value that does not fit the component."""
    text = given.value if isinstance(given.value, str) else json.dumps(given.value, ensure_ascii=False)
    if given.value is None or len(text) > LONGEST or component.type == "TextNote":
        raise Refused("illegalComponent")
    try:
        if component.type == "TableField":
            return _rows_of(company, component, _ROWS.validate_json(text))
        fits = FITS[component.type](company, component, text)
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise Refused("formConverterError", f"表单数据校验失败，失败控件：{component.label}")
    return text


def _rows_of(company: Company, table: Component, rows: list[list[Value]]) -> str:
    """Return the rows of a table in the form of replies."""
    contacts = {column.label for column in table.children if column.type == "InnerContactField"}
    if sum(cell.name in contacts for row in rows for cell in row) > MOST_CONTACTS:
        raise ValueError("too many contacts")
    kept: list[dict[str, Any]] = []
    for number, cells in enumerate(rows, start=1):
        texts = texts_of(company, table.children, cells)
        columns = [column for column in table.children if column.id in texts]
        values = [
            {"componentType": column.type, "label": column.label, "value": texts[column.id], "key": column.id}
            for column in columns
        ]
        kept.append({"rowValue": values, "rowNumber": f"{table.id}_{number}"})
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def texts_of(company: Company, components: list[Component], values: Iterable[Value]) -> dict[str, str]:
    """Return the texts by component id. Values refer to components by id, alias or label."""
    texts: dict[str, str] = {}
    for value in values:
        component = next((each for each in components if _is_meant(each, value)), None)
        if component is None:
            raise Refused("illegalComponent")
        texts[component.id] = _text_of(company, component, value)
    for component in components:
        if component.required and not texts.get(component.id):
            raise Refused("formConverterError", f"表单数据校验失败，失败控件：{component.label}")
    return texts


def _is_meant(component: Component, value: Value) -> bool:
    if value.id is not None:
        return component.id == value.id
    if value.name:
        return component.label == value.name
    return value.biz_alias is not None and component.props.get("bizAlias") == value.biz_alias

"""The components of an approval form (控件): what a form is made of, and what its schema tells.

    ApprovalForm.objects.save("用章", [
        Component(component_type="TextField", props=ComponentProps(label="事由", required=True)),
        Component(component_type="DDSelectField", props=ComponentProps(label="印章", options=["公章", "合同章"])),
    ])

Each may be a dict as well. What `load_schema()` brings can be changed and given to `update()`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, JsonValue, PlainSerializer
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.core.json_values import is_array, is_object, loaded
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.resource.model import Shape


class Option(Shape):
    """An option of a select."""

    key: str
    """Its key."""
    value: str
    """Its text."""


class _Options:
    """In a reply an option may be the JSON text of one; as an argument, a text alone is one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        return core_schema.json_or_python_schema(
            core_schema.no_info_before_validator_function(_parsed, inner),
            core_schema.no_info_before_validator_function(_numbered, inner),
        )


def _parsed(options: Any) -> Any:
    if not is_array(options):
        return options
    return [whole if is_object(whole := loaded(option)) else option for option in options]


def _numbered(options: Any) -> Any:
    parsed = _parsed(options)
    if not is_array(parsed):
        return parsed
    return [
        {"key": f"option_{number}", "value": option} if isinstance(option, str) else option
        for number, option in enumerate(parsed)
    ]


Options = Annotated[list[Option | str], _Options()]


def _text(label: str | list[str]) -> str:
    return label if isinstance(label, str) else json.dumps(label, ensure_ascii=False, separators=(",", ":"))


LabelText = Annotated[str | list[str], PlainSerializer(_text, return_type=str, when_used="json-unless-none")]
"""One label, or the two labels of a date range. Both are sent as text."""


class TemplateRef(Shape, alias_generator=camel):
    """A form whose approvals may be related."""

    name: str | None = None
    """Its name."""
    process_code: str | None = None
    """Its code."""


class StatField(Shape):
    """A column that is summed up."""

    component_id: Annotated[str | None, wire("componentId", "id")] = None
    """The column."""
    label: str | None = None
    """Its label."""
    upper: bool | str | None = None
    """Whether the sum is spelled in Chinese capitals too: sent as text, told as yes or no."""
    unit: str | None = None
    """Its unit."""


class DataTarget(Shape, alias_generator=camel):
    """The form that data comes from."""

    app_type: int | None = None
    """Its type; 0 is a form with a flow."""
    app_uuid: str | None = None
    """Its application."""
    biz_type: str | None = None
    """Its business type."""
    form_code: str | None = None
    """Its code."""


class DataSource(Shape):
    """Where data comes from."""

    target: DataTarget | None = None
    """The form."""
    type: str | None = None
    """The kind of source."""


class ObjectOption(Shape):
    """An option."""

    value: str | None = None


class AttendancePush(Shape, alias_generator=camel):
    """How an approval of this form changes the attendance."""

    push_switch: int | None = None
    push_tag: str | None = None
    attendance_rule: int | None = None


class HolidayOption(Shape):
    """A kind of leave."""

    key: str | None = None


class LinkageTarget(Shape, alias_generator=camel):
    """A component that changes with another."""

    field_id: str | None = None
    behavior: str | None = None


class Linkage(Shape):
    """What changes with a value."""

    value: str | None = None
    targets: list[LinkageTarget] = []


class ComponentProps(Shape, alias_generator=camel):
    """How a component of a form is set up; which fields apply depends on its type.

    The first ones are documented where a form is made, the last ones where its schema is read, and many in both.
    """

    label: LabelText | None = None
    """Its label, best kept to 20 characters; of a date range, both in a list."""
    component_id: Annotated[str | None, Field(max_length=64), wire("componentId", "id")] = None
    """Its id, unique in the form, at most 64 characters."""
    biz_alias: Annotated[str | None, Field(max_length=64)] = None
    """Its alias, at most 64 characters."""
    required: bool | None = None
    """Whether it has to be filled in."""
    placeholder: Annotated[str, Field(max_length=128)] | list[JsonValue] | dict[str, JsonValue] | None = None
    """What it shows while it is empty, at most 128 characters."""
    options: Options = []
    """What there is to choose from: texts, or options with keys of your own."""
    action_name: str | None = None
    """The button that adds a row."""
    address_model: str | None = None
    """How far down an address goes, such as `district`."""
    align: str | None = None
    """Where the label stands: `top`, `middle` or `bottom`."""
    async_condition: bool | None = None
    """Whether it decides the flow asynchronously."""
    available_templates: list[TemplateRef] = []
    """The forms whose approvals may be related."""
    biz_type: str | None = None
    """Its business type."""
    choice: str | None = None
    """`1` where several people may be chosen, else `0`."""
    common_biz_type: str | None = None
    """Its common business type."""
    content: Annotated[str | None, Field(max_length=500)] = None
    """The text of a note, at most 500 characters."""
    data_source: DataSource | None = None
    """Where its data comes from."""
    disabled: bool | None = None
    """Whether it can't be filled in by hand."""
    duration: bool | None = None
    """Whether a date range counts its length."""
    duration_label: str | None = None
    """The label of that length."""
    format: str | None = None
    """The format of dates: `yyyy-MM-dd` or `yyyy-MM-dd HH:mm`."""
    formula: str | None = None
    """How it is computed."""
    invisible: bool | None = None
    """Whether it is hidden."""
    limit: int | None = None
    """The most stars."""
    link: str | None = None
    """The address of a note."""
    max_length: int | None = None
    """The longest text."""
    mode: str | None = None
    """Its mode."""
    multiple: bool | None = None
    """Whether several departments may be chosen."""
    precision: int | None = None
    """The digits behind the point."""
    print: str | None = None
    """Whether it is printed."""
    stat_field: list[StatField] = []
    """The columns that are summed up."""
    table_view_mode: str | None = None
    """How a table is shown: `table` or `list`."""
    unit: str | None = None
    """The unit of a number, or of a date."""
    upper: str | None = None
    """Whether an amount is spelled in Chinese capitals too."""
    vertical_print: bool | None = None
    """Whether a table is printed row by row."""

    app_id: int | None = None
    push_to_calendar: int | None = None
    hide_label: bool | None = None
    obj_options: list[ObjectOption] = []
    push_to_attendance: bool | None = None
    label_editable_freeze: bool | None = None
    push: AttendancePush | None = None
    required_editable_freeze: bool | None = None
    extract: bool | None = None
    pay_enable: bool | None = None
    hidden: bool | None = None
    staff_status_enabled: bool | None = None
    attend_type_label: str | None = None
    child_field_visible: dict[str, bool] = {}
    not_print: str | None = None
    holiday_options: list[HolidayOption] = []
    use_calendar: bool | None = None
    hidden_in_approval_detail: bool | None = None
    behavior_linkage: list[Linkage] = []
    show_attend_options: bool | None = None
    not_upper: str | None = None
    fields_info: str | None = None
    e_sign: bool | None = None
    main_title: str | None = None


class Column(Shape):
    """A column of a table."""

    component_type: Annotated[str, wire("componentType", "componentName", "component_name")]
    """Its type, such as `TextField`."""
    props: ComponentProps
    """How it is set up."""


class Component(Column):
    """A component of a form."""

    children: list[Column] = []
    """The columns of a table."""

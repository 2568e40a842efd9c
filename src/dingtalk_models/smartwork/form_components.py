"""The components of an approval form (控件), for creating a form and reading its schema.

    ApprovalForm.objects.save("用章", [
        Component(component_type="TextField", props=ComponentProps(label="事由", required=True)),
        Component(component_type="DDSelectField", props=ComponentProps(label="印章", options=["公章", "合同章"])),
    ])

Each may also be a dict. The components from `load_schema()` can be changed and passed to `update()`.
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
    """Accepts an option as JSON text in replies, and as a plain text in arguments."""

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
"""A label, or the two labels of a date range as a list. Both are sent as text."""


class TemplateRef(Shape, alias_generator=camel):
    """A form whose approvals can be related."""

    name: str | None = None
    """Its name."""
    process_code: str | None = None
    """Its code."""


class StatField(Shape):
    """A column with a sum."""

    component_id: Annotated[str | None, wire("componentId", "id")] = None
    """The column."""
    label: str | None = None
    """Its label."""
    upper: bool | str | None = None
    """Whether to show the sum in Chinese capital numerals, too: text when sent, a bool in replies."""
    unit: str | None = None
    """Its unit."""


class DataTarget(Shape, alias_generator=camel):
    """The form that provides data."""

    app_type: int | None = None
    """Its type; 0 for a form with a flow."""
    app_uuid: str | None = None
    """Its application."""
    biz_type: str | None = None
    """Its business type."""
    form_code: str | None = None
    """Its code."""


class DataSource(Shape):
    """A source of data."""

    target: DataTarget | None = None
    """The form."""
    type: str | None = None
    """The kind of source."""


class ObjectOption(Shape):
    """An option."""

    value: str | None = None


class AttendancePush(Shape, alias_generator=camel):
    """The effect of an approval of this form on attendance."""

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
    """The components that change with a value."""

    value: str | None = None
    targets: list[LinkageTarget] = []


class ComponentProps(Shape, alias_generator=camel):
    """The settings of a component. The type decides which fields apply.

    Some fields are documented for creating a form, others for reading its schema, and many for both.
    """

    label: LabelText | None = None
    """Its label, preferably at most 20 characters; for a date range, a list of both labels."""
    component_id: Annotated[str | None, Field(max_length=64), wire("componentId", "id")] = None
    """Its id, unique in the form, at most 64 characters."""
    biz_alias: Annotated[str | None, Field(max_length=64)] = None
    """Its alias, at most 64 characters."""
    required: bool | None = None
    """Whether it has to be filled in."""
    placeholder: Annotated[str, Field(max_length=128)] | list[JsonValue] | dict[str, JsonValue] | None = None
    """The text shown while it is empty, at most 128 characters."""
    options: Options = []
    """The options: texts, or options with your own keys."""
    action_name: str | None = None
    """The label of the button that adds a row."""
    address_model: str | None = None
    """The level of detail of an address, such as `district`."""
    align: str | None = None
    """The position of the label: `top`, `middle` or `bottom`."""
    async_condition: bool | None = None
    """Whether it is an asynchronous condition of the flow."""
    available_templates: list[TemplateRef] = []
    """The forms whose approvals can be related."""
    biz_type: str | None = None
    """Its business type."""
    choice: str | None = None
    """`1` if several people can be chosen, else `0`."""
    common_biz_type: str | None = None
    """Its common business type."""
    content: Annotated[str | None, Field(max_length=500)] = None
    """The text of a note, at most 500 characters."""
    data_source: DataSource | None = None
    """The source of its data."""
    disabled: bool | None = None
    """Whether it cannot be filled in by hand."""
    duration: bool | None = None
    """Whether a date range shows its duration."""
    duration_label: str | None = None
    """The label of the duration."""
    format: str | None = None
    """The format of dates: `yyyy-MM-dd` or `yyyy-MM-dd HH:mm`."""
    formula: str | None = None
    """The formula that computes it."""
    invisible: bool | None = None
    """Whether it is hidden."""
    limit: int | None = None
    """The largest number of stars."""
    link: str | None = None
    """The URL of a note."""
    max_length: int | None = None
    """The maximum length of a text."""
    mode: str | None = None
    """Its mode."""
    multiple: bool | None = None
    """Whether several departments can be chosen."""
    precision: int | None = None
    """The number of decimal places."""
    print: str | None = None
    """Whether it is printed."""
    stat_field: list[StatField] = []
    """The columns with a sum."""
    table_view_mode: str | None = None
    """The view of a table: `table` or `list`."""
    unit: str | None = None
    """The unit of a number or date."""
    upper: str | None = None
    """Whether to show an amount in Chinese capital numerals, too."""
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
    """Its settings."""


class Component(Column):
    """A component of a form."""

    children: list[Column] = []
    """The columns of a table."""

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
from dingtalk_models.core.shape import Shape
from dingtalk_models.core.wire import wire


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


Label = Annotated[str | list[str], PlainSerializer(_text, return_type=str, when_used="json-unless-none")]
"""One label, or those of a date range: both travel as text."""


class TemplateRef(Shape):
    """A form whose approvals may be related."""

    name: str | None = None
    """Its name."""
    process_code: Annotated[str | None, wire("processCode")] = None
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


class DataTarget(Shape):
    """The form that data comes from."""

    app_type: Annotated[int | None, wire("appType")] = None
    """Its type; 0 is a form with a flow."""
    app_uuid: Annotated[str | None, wire("appUuid")] = None
    """Its application."""
    biz_type: Annotated[str | None, wire("bizType")] = None
    """Its business type."""
    form_code: Annotated[str | None, wire("formCode")] = None
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


class Push(Shape):
    """How an approval of this form changes the attendance."""

    push_switch: Annotated[int | None, wire("pushSwitch")] = None
    push_tag: Annotated[str | None, wire("pushTag")] = None
    attendance_rule: Annotated[int | None, wire("attendanceRule")] = None


class HolidayOption(Shape):
    """A kind of leave."""

    key: str | None = None


class LinkageTarget(Shape):
    """A component that changes with another."""

    field_id: Annotated[str | None, wire("fieldId")] = None
    behavior: str | None = None


class Linkage(Shape):
    """What changes with a value."""

    value: str | None = None
    targets: list[LinkageTarget] = []


class ComponentProps(Shape):
    """How a component of a form is set up; which fields apply depends on its type.

    The first ones are documented where a form is made, the last ones where its schema is read, and many in both.
    """

    label: Label | None = None
    """Its label, best kept to 20 characters; of a date range, both in a list."""
    component_id: Annotated[str | None, Field(max_length=64), wire("componentId", "id")] = None
    """Its id, unique in the form, at most 64 characters."""
    biz_alias: Annotated[str | None, Field(max_length=64), wire("bizAlias")] = None
    """Its alias, at most 64 characters."""
    required: bool | None = None
    """Whether it has to be filled in."""
    placeholder: Annotated[str, Field(max_length=128)] | list[JsonValue] | dict[str, JsonValue] | None = None
    """What it shows while it is empty, at most 128 characters."""
    options: Options = []
    """What there is to choose from: texts, or options with keys of your own."""
    action_name: Annotated[str | None, wire("actionName")] = None
    """The button that adds a row."""
    address_model: Annotated[str | None, wire("addressModel")] = None
    """How far down an address goes, such as `district`."""
    align: str | None = None
    """Where the label stands: `top`, `middle` or `bottom`."""
    async_condition: Annotated[bool | None, wire("asyncCondition")] = None
    """Whether it decides the flow asynchronously."""
    available_templates: Annotated[list[TemplateRef], wire("availableTemplates")] = []
    """The forms whose approvals may be related."""
    biz_type: Annotated[str | None, wire("bizType")] = None
    """Its business type."""
    choice: str | None = None
    """`1` where several people may be chosen, else `0`."""
    common_biz_type: Annotated[str | None, wire("commonBizType")] = None
    """Its common business type."""
    content: Annotated[str | None, Field(max_length=500)] = None
    """The text of a note, at most 500 characters."""
    data_source: Annotated[DataSource | None, wire("dataSource")] = None
    """Where its data comes from."""
    disabled: bool | None = None
    """Whether it can't be filled in by hand."""
    duration: bool | None = None
    """Whether a date range counts its length."""
    duration_label: Annotated[str | None, wire("durationLabel")] = None
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
    max_length: Annotated[int | None, wire("maxLength")] = None
    """The longest text."""
    mode: str | None = None
    """Its mode."""
    multiple: bool | None = None
    """Whether several departments may be chosen."""
    precision: int | None = None
    """The digits behind the point."""
    print: str | None = None
    """Whether it is printed."""
    stat_field: Annotated[list[StatField], wire("statField")] = []
    """The columns that are summed up."""
    table_view_mode: Annotated[str | None, wire("tableViewMode")] = None
    """How a table is shown: `table` or `list`."""
    unit: str | None = None
    """The unit of a number, or of a date."""
    upper: str | None = None
    """Whether an amount is spelled in Chinese capitals too."""
    vertical_print: Annotated[bool | None, wire("verticalPrint")] = None
    """Whether a table is printed row by row."""

    app_id: Annotated[int | None, wire("appId")] = None
    push_to_calendar: Annotated[int | None, wire("pushToCalendar")] = None
    hide_label: Annotated[bool | None, wire("hideLabel")] = None
    obj_options: Annotated[list[ObjectOption], wire("objOptions")] = []
    push_to_attendance: Annotated[bool | None, wire("pushToAttendance")] = None
    label_editable_freeze: Annotated[bool | None, wire("labelEditableFreeze")] = None
    push: Push | None = None
    required_editable_freeze: Annotated[bool | None, wire("requiredEditableFreeze")] = None
    extract: bool | None = None
    pay_enable: Annotated[bool | None, wire("payEnable")] = None
    hidden: bool | None = None
    staff_status_enabled: Annotated[bool | None, wire("staffStatusEnabled")] = None
    attend_type_label: Annotated[str | None, wire("attendTypeLabel")] = None
    child_field_visible: Annotated[dict[str, bool], wire("childFieldVisible")] = {}
    not_print: Annotated[str | None, wire("notPrint")] = None
    holiday_options: Annotated[list[HolidayOption], wire("holidayOptions")] = []
    use_calendar: Annotated[bool | None, wire("useCalendar")] = None
    hidden_in_approval_detail: Annotated[bool | None, wire("hiddenInApprovalDetail")] = None
    behavior_linkage: Annotated[list[Linkage], wire("behaviorLinkage")] = []
    show_attend_options: Annotated[bool | None, wire("showAttendOptions")] = None
    not_upper: Annotated[str | None, wire("notUpper")] = None
    fields_info: Annotated[str | None, wire("fieldsInfo")] = None
    e_sign: Annotated[bool | None, wire("eSign")] = None
    main_title: Annotated[str | None, wire("mainTitle")] = None


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

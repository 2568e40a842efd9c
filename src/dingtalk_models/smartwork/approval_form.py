"""Approval forms (审批表单): the templates that approvals are made from."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, JsonValue, with_config
from typing_extensions import TypedDict

from dingtalk_models.core.call import Call
from dingtalk_models.core.json_values import is_object, loaded
from dingtalk_models.core.model import Manager, Model, Record
from dingtalk_models.core.operation import Old, api, operation
from dingtalk_models.core.paging import TOKEN_FROM_ZERO
from dingtalk_models.core.query import Listing, Query
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import IsoTime, Millis, wire
from dingtalk_models.smartwork.form_values import ComponentType

ProcessCode = Annotated[str, wire("processCode")]

_NESTED = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@with_config(_NESTED)
class Option(TypedDict):
    """An option of a select."""

    key: str
    """Its key."""
    value: str
    """Its text."""


@with_config(_NESTED)
class TemplateRef(TypedDict, total=False):
    """A form whose approvals may be related."""

    name: str
    """Its name."""
    process_code: Annotated[str, wire("processCode")]
    """Its code."""


@with_config(_NESTED)
class StatField(TypedDict, total=False):
    """A column that is summed up."""

    component_id: Annotated[str, wire("componentId")]
    """The column."""
    label: str
    """Its label."""
    upper: str
    """Whether the sum is spelled in Chinese capitals too."""


@with_config(_NESTED)
class DataTarget(TypedDict, total=False):
    """The form that data comes from."""

    app_type: Annotated[int, wire("appType")]
    """Its type; 0 is a form with a flow."""
    app_uuid: Annotated[str, wire("appUuid")]
    """Its application."""
    biz_type: Annotated[str, wire("bizType")]
    """Its business type."""
    form_code: Annotated[str, wire("formCode")]
    """Its code."""


@with_config(_NESTED)
class DataSource(TypedDict, total=False):
    """Where data comes from."""

    target: DataTarget
    """The form."""
    type: str
    """The kind of source."""


@with_config(_NESTED)
class ComponentProps(TypedDict, total=False):
    """How a component of a form is set up; which keys apply depends on its type."""

    label: str
    """Its label, best kept to 20 characters; of a date range, both as the text of a JSON array."""
    component_id: Annotated[str, Field(max_length=64), wire("componentId", "id")]
    """Its id, unique in the form, 64 characters at the most."""
    biz_alias: Annotated[str, Field(max_length=64), wire("bizAlias")]
    """Its alias, 64 characters at the most."""
    required: bool
    """Whether it has to be filled in."""
    placeholder: Annotated[str, Field(max_length=128)]
    """What it shows while it is empty, 128 characters at the most."""
    options: list[Option]
    """What there is to choose from."""
    action_name: Annotated[str, wire("actionName")]
    """The button that adds a row."""
    address_model: Annotated[str, wire("addressModel")]
    """How far down an address goes, such as `district`."""
    align: str
    """Where the label stands."""
    async_condition: Annotated[bool, wire("asyncCondition")]
    """Whether it decides the flow asynchronously."""
    available_templates: Annotated[list[TemplateRef], wire("availableTemplates")]
    """The forms whose approvals may be related."""
    biz_type: Annotated[str, wire("bizType")]
    """Its business type."""
    choice: str
    """`1` where several people may be chosen, else `0`."""
    common_biz_type: Annotated[str, wire("commonBizType")]
    """Its common business type."""
    content: Annotated[str, Field(max_length=500)]
    """The text of a note, 500 characters at the most."""
    data_source: Annotated[DataSource, wire("dataSource")]
    """Where its data comes from."""
    disabled: bool
    """Whether it can't be filled in by hand."""
    duration: bool
    """Whether a date range counts its length."""
    duration_label: Annotated[str, wire("durationLabel")]
    """The label of that length."""
    format: str
    """The format of dates: `yyyy-MM-dd` or `yyyy-MM-dd HH:mm`."""
    formula: str
    """How it is computed."""
    invisible: bool
    """Whether it is hidden."""
    limit: int
    """The most stars."""
    link: str
    """The address of a note."""
    max_length: Annotated[int, wire("maxLength")]
    """The longest text."""
    mode: str
    """Its mode."""
    multiple: bool
    """Whether several departments may be chosen."""
    precision: int
    """The digits behind the point."""
    print: str
    """Whether it is printed."""
    stat_field: Annotated[list[StatField], wire("statField")]
    """The columns that are summed up."""
    table_view_mode: Annotated[str, wire("tableViewMode")]
    """How a table is shown: `table` or `list`."""
    unit: str
    """The unit of a number, or of a date."""
    upper: str
    """Whether an amount is spelled in Chinese capitals too."""
    vertical_print: Annotated[bool, wire("verticalPrint")]
    """Whether a table is printed row by row."""


@with_config(_NESTED)
class ColumnFields(TypedDict):
    """A column of a table."""

    component_type: ComponentType
    """Its type, such as `TextField`."""
    props: ComponentProps
    """How it is set up."""


@with_config(_NESTED)
class ComponentFields(TypedDict, total=False):
    """A component of a form."""

    component_type: ComponentType
    """Its type, such as `TextField`."""
    props: ComponentProps
    """How it is set up."""
    children: list[ColumnFields]
    """The columns of a table."""


@with_config(_NESTED)
class TemplateConfig(TypedDict, total=False):
    """How a form behaves."""

    disable_stop_process_button: Annotated[bool, wire("disableStopProcessButton")]
    """Whether approvals can't be withdrawn."""
    hidden: bool
    """Whether it is not listed."""
    disable_delete_process: Annotated[bool, wire("disableDeleteProcess")]
    """Whether it can't be deleted."""
    disable_form_edit: Annotated[bool, wire("disableFormEdit")]
    """Whether it can't be edited."""
    disable_resubmit: Annotated[bool, wire("disableResubmit")]
    """Whether approvals can't be sent again."""
    disable_homepage: Annotated[bool, wire("disableHomepage")]
    """Whether it is not on the home page."""
    dir_id: Annotated[str, wire("dirId")]
    """The group that it is put into."""
    origin_dir_id: Annotated[str, wire("originDirId")]
    """The group that it was in."""


def unpacked(**renamed: str | None) -> Callable[[Any], dict[str, Any]]:
    """What an older API took in one object, as arguments: those that differ by today's name, `None` for dropped."""

    def unpack(request: Any) -> dict[str, Any]:
        fields: dict[str, Any] = loaded(request)
        today = {name: renamed.get(name, name) for name in fields}
        return {name: fields[old] for old, name in today.items() if name is not None}

    return unpack


def _old_component(component: dict[str, Any]) -> dict[str, Any]:
    props: dict[str, Any] = dict(component["props"])
    if isinstance(props.get("options"), list):
        texts: list[Any] = props["options"]
        props["options"] = [
            {"key": f"option_{number}", "value": text} if isinstance(text, str) else text
            for number, text in enumerate(texts)
        ]
    if isinstance(props["label"], list):
        props["label"] = json.dumps(props["label"], ensure_ascii=False)
    children = [_old_component(child) for child in component.get("children", [])]
    made = {"component_type": component["component_name"], "props": props}
    return made | ({"children": children} if children else {})


def _old_template(template: Any) -> dict[str, Any]:
    request: dict[str, Any] = loaded(template)
    listed = request["form_component_list"]
    components: list[dict[str, Any]] = [listed] if is_object(listed) else listed
    return {"form_components": list(map(_old_component, components))} | {
        name: request[name] for name in ("name", "description", "process_code") if request.get(name) is not None
    }


class ApprovalFormManager(Manager):
    """Approval forms (审批表单)."""

    @api(
        "workflow_1_0.ListUserVisibleBpmsProcesses",
        "GET /v1.0/workflow/processes/userVisibilities/templates",
        Old("dingtalk.oapi.process.listbyuserid", userid="user_id", offset="next_token", size="max_results"),
    )
    def visible(
        self,
        user_id: Annotated[str | None, wire("userId")] = None,
        *,
        next_token: Annotated[int, Field(ge=0), wire("nextToken")] = 0,
        max_results: Annotated[int, Field(ge=1, le=100), wire("maxResults")] = 100,
    ) -> Query[ApprovalForm]:
        """The forms that a user may start approvals from (获取指定用户可见的审批表单列表).

        Args:
            user_id: the user; without one, the forms of the whole company.
            next_token: where to begin.
            max_results: how many a call brings, 100 at the most.

        Returns:
            Code, name, address, icon and group.

        Source: obtains-a-list-of-approval-forms-visible-to-the-specified
        """
        return Listing(
            ApprovalForm,
            TOKEN_FROM_ZERO,
            "result",
            items="processList",
            user_id=user_id,
            next_token=next_token,
            max_results=max_results,
        )

    @api(
        "workflow_1_0.GetManageProcessByStaffId",
        "GET /v1.0/workflow/processes/managements/templates",
        Old("dingtalk.oapi.process.template.manage.get", userid="user_id"),
    )
    def manageable(self, user_id: Annotated[str, wire("userId")]) -> Query[ApprovalForm]:
        """The forms of the company that a user manages (获取当前企业所有可管理的表单).

        Args:
            user_id: the user.

        Raises:
            NotFound: there is no such user.

        Source: get-all-manageable-forms-for-the-current-enterprise
        """
        return Listing(ApprovalForm, None, "result", user_id=user_id)

    @api(
        "workflow_1_0.QuerySchemaByProcessCode",
        "GET /v1.0/workflow/forms/schemas/processCodes",
    )
    def schema(
        self, process_code: ProcessCode, *, app_uuid: Annotated[str | None, wire("appUuid")] = None
    ) -> Call[FormSchema]:
        """The components of a form (获取表单 schema).

        Args:
            process_code: the form.
            app_uuid: the application that the form belongs to.

        Raises:
            NotFound: there is no such form.

        Source: obtain-the-form-schema
        """
        return Call(FormSchema, "result", process_code=process_code, app_uuid=app_uuid)

    @api(
        "workflow_1_0.GetProcessCodeByName",
        "GET /v1.0/workflow/processCentres/schemaNames/processCodes",
        "dingtalk.oapi.process.get_by_name",
    )
    def by_name(self, name: Annotated[str, Field(min_length=1, max_length=64)]) -> Call[ApprovalForm]:
        """The form of a name, with its code (获取模板code).

        Args:
            name: the form's name, 64 characters at the most.

        Raises:
            NotFound: there is no such form.

        Source: obtain-the-template-code
        """
        return Call(ApprovalForm, "result", name=name).then(lambda form: form.named(name))

    @api(
        "workflow_1_0.FormCreate",
        "POST /v1.0/workflow/forms",
        Old("dingtalk.oapi.process.save", saveProcessRequest=_old_template),
    )
    def save(
        self,
        name: Annotated[str, Field(min_length=1, max_length=200)],
        form_components: Annotated[Sequence[ComponentFields], Field(max_length=200), wire("formComponents")],
        *,
        process_code: Annotated[str | None, wire("processCode")] = None,
        description: Annotated[str | None, Field(max_length=300)] = None,
        template_config: Annotated[TemplateConfig | None, wire("templateConfig")] = None,
    ) -> Call[ApprovalForm]:
        """Create a form, or change the one of a code (创建或更新审批表单模板).

        Args:
            name: its name, 200 characters at the most; unique in the company.
            form_components: its components, 200 at the most; see `ComponentFields`.
            process_code: the form to change; without one a new form is made.
            description: what it is for, 300 characters at the most.
            template_config: how it behaves; see `TemplateConfig`.

        Returns:
            The form, with its code and name.

        Raises:
            AlreadyExists: another form has this name.
            NotFound: there is no form of this code.

        Source: create-an-approval-form-template
        """
        return Call(
            ApprovalForm,
            "result",
            name=name,
            form_components=form_components,
            process_code=process_code,
            description=description,
            template_config=template_config,
        ).then(lambda form: form.named(name))

    @api(
        "workflow_1_0.DeleteProcess",
        "DELETE /v1.0/workflow/processCentres/schemas",
        Old("dingtalk.oapi.process.delete", request=unpacked(agentid=None)),
    )
    def delete(
        self,
        process_code: ProcessCode,
        *,
        clean_running_task: Annotated[bool | None, wire("cleanRunningTask")] = None,
    ) -> Call[builtins.str]:
        """Delete a form (删除模板).

        Args:
            process_code: the form.
            clean_running_task: whether to end the tasks that still run.

        Returns:
            The code of the form that was deleted.

        Raises:
            NotFound: there is no such form.

        Source: self-owned-approval-deletion-template
        """
        return Call(str, "result.processCode", process_code=process_code, clean_running_task=clean_running_task)


class ApprovalForm(Model):
    """A form (审批表单, 审批模板). What the call that brought it does not tell is `None`."""

    objects: ClassVar[ApprovalFormManager] = ApprovalFormManager()
    by_name = objects.by_name

    process_code: ProcessCode
    name: Annotated[str | None, wire("name", "flowTitle")] = None
    url: str | None = None
    """The page on which an approval is started."""
    icon_url: Annotated[str | None, wire("iconUrl")] = None
    icon_name: Annotated[str | None, wire("iconName")] = None
    dir_id: Annotated[str | None, wire("dirId")] = None
    dir_name: Annotated[str | None, wire("dirName")] = None
    """The group that it is in."""
    new_process: Annotated[bool | None, wire("newProcess")] = None
    gmt_modified: Annotated[IsoTime | None, wire("gmtModified")] = None
    attendance_type: Annotated[int | None, wire("attendanceType")] = None

    def named(self, name: str) -> ApprovalForm:
        """This form, with the name that it was asked for by."""
        self.hold({"name": name})
        return self

    @operation
    def load_schema(self) -> Call[FormSchema]:
        """The components of this form."""
        return self.objects.schema.call(self.process_code)

    @operation
    def update(
        self,
        form_components: Annotated[Sequence[ComponentFields], Field(max_length=200)],
        *,
        name: Annotated[str | None, Field(min_length=1, max_length=200)] = None,
        description: Annotated[str | None, Field(max_length=300)] = None,
        template_config: TemplateConfig | None = None,
    ) -> Flow[ApprovalForm]:
        """Give this form other components.

        Args:
            form_components: all its components, 200 at the most.
            name: its name; by default as it is.
            description: what it is for, 300 characters at the most.
            template_config: how it behaves.
        """
        name = name or self.name or (yield from self.load_schema.call()).name or ""
        yield from self.objects.save.call(
            name,
            form_components,
            process_code=self.process_code,
            description=description,
            template_config=template_config,
        )
        self.hold({"name": name})
        return self

    @operation
    def delete(self, *, clean_running_task: bool | None = None) -> Call[builtins.str]:
        """Delete this form.

        Args:
            clean_running_task: whether to end the tasks that still run.
        """
        return self.objects.delete.call(self.process_code, clean_running_task=clean_running_task)


class SchemaStatField(Record):
    """A column that is summed up."""

    id: str | None = None
    label: str | None = None
    upper: bool | None = None
    unit: str | None = None


class ObjectOption(Record):
    """An option."""

    value: str | None = None


class Push(Record):
    """How an approval of this form changes the attendance."""

    push_switch: Annotated[int | None, wire("pushSwitch")] = None
    push_tag: Annotated[str | None, wire("pushTag")] = None
    attendance_rule: Annotated[int | None, wire("attendanceRule")] = None


class HolidayOption(Record):
    """A kind of leave."""

    key: str | None = None


class LinkageTarget(Record):
    """A component that changes with another."""

    field_id: Annotated[str | None, wire("fieldId")] = None
    behavior: str | None = None


class Linkage(Record):
    """What changes with a value."""

    value: str | None = None
    targets: list[LinkageTarget] = []


class SchemaProps(Record):
    """How a component is set up; which of them are there depends on its type."""

    id: str | None = None
    label: str | list[str] | None = None
    biz_alias: Annotated[str | None, wire("bizAlias")] = None
    required: bool | None = None
    placeholder: JsonValue = None
    options: list[str] = []
    table_view_mode: Annotated[str | None, wire("tableViewMode")] = None
    app_id: Annotated[int | None, wire("appId")] = None
    duration_label: Annotated[str | None, wire("durationLabel")] = None
    push_to_calendar: Annotated[int | None, wire("pushToCalendar")] = None
    align: str | None = None
    stat_field: Annotated[list[SchemaStatField], wire("statField")] = []
    hide_label: Annotated[bool | None, wire("hideLabel")] = None
    obj_options: Annotated[list[ObjectOption], wire("objOptions")] = []
    format: str | None = None
    push_to_attendance: Annotated[bool | None, wire("pushToAttendance")] = None
    label_editable_freeze: Annotated[bool | None, wire("labelEditableFreeze")] = None
    push: Push | None = None
    common_biz_type: Annotated[str | None, wire("commonBizType")] = None
    required_editable_freeze: Annotated[bool | None, wire("requiredEditableFreeze")] = None
    unit: str | None = None
    extract: bool | None = None
    link: str | None = None
    pay_enable: Annotated[bool | None, wire("payEnable")] = None
    hidden: bool | None = None
    biz_type: Annotated[str | None, wire("bizType")] = None
    staff_status_enabled: Annotated[bool | None, wire("staffStatusEnabled")] = None
    action_name: Annotated[str | None, wire("actionName")] = None
    attend_type_label: Annotated[str | None, wire("attendTypeLabel")] = None
    child_field_visible: Annotated[dict[str, bool], wire("childFieldVisible")] = {}
    not_print: Annotated[str | None, wire("notPrint")] = None
    vertical_print: Annotated[bool | None, wire("verticalPrint")] = None
    duration: bool | None = None
    holiday_options: Annotated[list[HolidayOption], wire("holidayOptions")] = []
    use_calendar: Annotated[bool | None, wire("useCalendar")] = None
    hidden_in_approval_detail: Annotated[bool | None, wire("hiddenInApprovalDetail")] = None
    disabled: bool | None = None
    async_condition: Annotated[bool | None, wire("asyncCondition")] = None
    behavior_linkage: Annotated[list[Linkage], wire("behaviorLinkage")] = []
    show_attend_options: Annotated[bool | None, wire("showAttendOptions")] = None
    not_upper: Annotated[str | None, wire("notUpper")] = None
    fields_info: Annotated[str | None, wire("fieldsInfo")] = None
    e_sign: Annotated[bool | None, wire("eSign")] = None
    main_title: Annotated[str | None, wire("mainTitle")] = None
    formula: str | None = None
    choice: int | None = None


class SchemaColumn(Record):
    """A column of a table."""

    component_name: Annotated[str, wire("componentName")]
    props: SchemaProps


class SchemaItem(SchemaColumn):
    """A component of a form; `component_name` is its type, such as `TextField`."""

    children: list[SchemaColumn] = []
    """The columns of a table."""


class SchemaContent(Record):
    """What a form shows."""

    title: str | None = None
    icon: str | None = None
    items: list[SchemaItem] = []


class FormSchema(Record):
    """A form with its components."""

    creator_user_id: Annotated[str | None, wire("creatorUserId")] = None
    app_uuid: Annotated[str | None, wire("appUuid")] = None
    form_code: Annotated[str | None, wire("formCode")] = None
    form_uuid: Annotated[str | None, wire("formUuid")] = None
    name: str | None = None
    memo: str | None = None
    owner_id_type: Annotated[str | None, wire("ownerIdType")] = None
    """`orgId`, `cid` or `uid`."""
    schema_content: Annotated[SchemaContent, wire("schemaContent")]
    icon: str | None = None
    app_type: Annotated[int | None, wire("appType")] = None
    biz_type: Annotated[str | None, wire("bizType")] = None
    engine_type: Annotated[int | None, wire("engineType")] = None
    status: str | None = None
    """`PUBLISHED`, `SAVED` or `INVALID`."""
    list_order: Annotated[int | None, wire("listOrder")] = None
    custom_setting: Annotated[str | None, wire("customSetting")] = None
    proc_type: Annotated[str | None, wire("procType")] = None
    """`inner`, `outer` or `customer`."""
    visible_range: Annotated[str | None, wire("visibleRange")] = None
    gmt_create: Annotated[Millis | None, wire("gmtCreate")] = None
    gmt_modified: Annotated[Millis | None, wire("gmtModified")] = None

    @property
    def components(self) -> list[SchemaItem]:
        """The components, in the order of the form."""
        return self.schema_content.items

"""Approval forms (审批表单): the templates of approvals."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, api, operation
from dingtalk_models.call.paging import TOKEN_FROM_ZERO
from dingtalk_models.core.json_values import is_object, loaded
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import IsoTime, Millis, camel, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, OrDict, Record
from dingtalk_models.resource.query import Listing, Query
from dingtalk_models.smartwork.form_components import Component


class TemplateConfig(TypedDict, total=False):
    """The settings of a form."""

    disable_stop_process_button: bool
    """Forbid withdrawing approvals."""
    hidden: bool
    """Hide it from lists."""
    disable_delete_process: bool
    """Forbid deleting it."""
    disable_form_edit: bool
    """Forbid editing it."""
    disable_resubmit: bool
    """Forbid submitting approvals again."""
    disable_homepage: bool
    """Hide it from the home page."""
    dir_id: str
    """The group to put it into."""
    origin_dir_id: str
    """Its previous group."""


def unpacked(**renamed: str | None) -> Callable[[Any], dict[str, Any]]:
    """Unpack the object of an older API into arguments. `renamed` has today's names, `None` to drop a field."""

    def unpack(request: Any) -> dict[str, Any]:
        fields: dict[str, Any] = loaded(request)
        today = {name: renamed.get(name, name) for name in fields}
        return {name: fields[old] for old, name in today.items() if name is not None}

    return unpack


def _old_template(template: Any) -> dict[str, Any]:
    request: dict[str, Any] = loaded(template)
    listed = request["form_component_list"]
    return {"form_components": [listed] if is_object(listed) else listed} | {
        name: request[name] for name in ("name", "description", "process_code") if request.get(name) is not None
    }


class ApprovalFormManager(Manager):
    """Approval forms (审批表单)."""

    @also_takes(older_ids.one_user)
    @api(
        "workflow_1_0.ListUserVisibleBpmsProcesses",
        "GET /v1.0/workflow/processes/userVisibilities/templates",
        Old("dingtalk.oapi.process.listbyuserid", offset="next_token", size="max_results"),
    )
    def visible(
        self,
        userid: Annotated[str | None, wire("userId")] = None,
        *,
        next_token: Annotated[int, Field(ge=0)] = 0,
        max_results: Annotated[int, Field(ge=1, le=100)] = 100,
    ) -> Query[ApprovalForm]:
        """List the forms that a user can use (获取指定用户可见的审批表单列表).

        Args:
            userid: the user; by default, all forms of the company are listed.
            next_token: the start of the list.
            max_results: the page size, at most 100.

        Returns:
            The forms with code, name, address, icon and group.

        Source: obtains-a-list-of-approval-forms-visible-to-the-specified
        """
        return Listing(ApprovalForm, TOKEN_FROM_ZERO, "result", items="processList")

    @also_takes(older_ids.one_user)
    @api(
        "workflow_1_0.GetManageProcessByStaffId",
        "GET /v1.0/workflow/processes/managements/templates",
        "dingtalk.oapi.process.template.manage.get",
    )
    def manageable(self, userid: Annotated[str, wire("userId")]) -> Query[ApprovalForm]:
        """List the forms that a user manages (获取当前企业所有可管理的表单).

        Args:
            userid: the user.

        Raises:
            NotFound: there is no such user.

        Source: get-all-manageable-forms-for-the-current-enterprise
        """
        return Listing(ApprovalForm, None, "result")

    @api("workflow_1_0.QuerySchemaByProcessCode", "GET /v1.0/workflow/forms/schemas/processCodes")
    def schema(self, process_code: str, *, app_uuid: str | None = None) -> Call[FormSchema]:
        """Get the components of a form (获取表单 schema).

        Args:
            process_code: the form.
            app_uuid: the application that the form belongs to.

        Raises:
            NotFound: there is no such form.

        Source: obtain-the-form-schema
        """
        return Call(FormSchema, "result")

    @api(
        "workflow_1_0.GetProcessCodeByName",
        "GET /v1.0/workflow/processCentres/schemaNames/processCodes",
        "dingtalk.oapi.process.get_by_name",
    )
    def by_name(self, name: Annotated[str, Field(min_length=1, max_length=64)]) -> Call[ApprovalForm]:
        """Find a form and its code by name (获取模板code).

        Args:
            name: the form's name, at most 64 characters.

        Raises:
            NotFound: there is no such form.

        Source: obtain-the-template-code
        """
        return Call(ApprovalForm, "result").then(lambda form: form.named(name))

    @api(
        "workflow_1_0.FormCreate",
        "POST /v1.0/workflow/forms",
        Old("dingtalk.oapi.process.save", saveProcessRequest=_old_template),
    )
    def save(
        self,
        name: Annotated[str, Field(min_length=1, max_length=200)],
        form_components: Annotated[Sequence[OrDict[Component]], Field(max_length=200)],
        *,
        process_code: str | None = None,
        description: Annotated[str | None, Field(max_length=300)] = None,
        template_config: TemplateConfig | None = None,
    ) -> Call[ApprovalForm]:
        """Create a form, or change the one with a code (创建或更新审批表单模板).

        Args:
            name: its name, at most 200 characters; unique in the company.
            form_components: its components, at most 200; each a `Component`, or a dict of its fields.
            process_code: the form to change; by default, a new one is created.
            description: its description, at most 300 characters.
            template_config: its settings; see `TemplateConfig`.

        Returns:
            The form, with its code and name.

        Raises:
            AlreadyExists: another form has this name.
            NotFound: there is no form with this code.

        Source: create-an-approval-form-template
        """
        return Call(ApprovalForm, "result").then(lambda form: form.named(name))

    @api(
        "workflow_1_0.DeleteProcess",
        "DELETE /v1.0/workflow/processCentres/schemas",
        Old("dingtalk.oapi.process.delete", request=unpacked(agentid=None)),
    )
    def delete(
        self,
        process_code: str,
        *,
        clean_running_task: bool | None = None,
    ) -> Call[builtins.str]:
        """Delete a form (删除模板).

        Args:
            process_code: the form.
            clean_running_task: whether to end running tasks.

        Returns:
            The code of the deleted form.

        Raises:
            NotFound: there is no such form.

        Source: self-owned-approval-deletion-template
        """
        return Call(str, "result.processCode")


class ApprovalForm(Model, alias_generator=camel):
    """A form (审批表单, 审批模板). Fields that are not in the reply of the call are `None`."""

    objects: ClassVar[ApprovalFormManager] = ApprovalFormManager()
    by_name = objects.by_name

    process_code: str
    name: Annotated[str | None, wire("name", "flowTitle")] = None
    url: str | None = None
    """The page for starting an approval."""
    icon_url: str | None = None
    icon_name: str | None = None
    dir_id: str | None = None
    dir_name: str | None = None
    """Its group."""
    new_process: bool | None = None
    gmt_modified: IsoTime | None = None
    attendance_type: int | None = None

    def named(self, name: str) -> ApprovalForm:
        """Set the name by which it was found, and return it."""
        self.hold({"name": name})
        return self

    @operation
    def load_schema(self) -> Call[FormSchema]:
        """Get the components of this form."""
        return self.objects.schema.call(self.process_code)

    @operation
    def update(
        self,
        form_components: Annotated[Sequence[OrDict[Component]], Field(max_length=200)],
        *,
        name: Annotated[str | None, Field(min_length=1, max_length=200)] = None,
        description: Annotated[str | None, Field(max_length=300)] = None,
        template_config: TemplateConfig | None = None,
    ) -> Flow[ApprovalForm]:
        """Replace the components of this form.

        Args:
            form_components: all its components, at most 200.
            name: its name; by default unchanged.
            description: its description, at most 300 characters.
            template_config: its settings.
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
            clean_running_task: whether to end running tasks.
        """
        return self.objects.delete.call(self.process_code, clean_running_task=clean_running_task)


class SchemaContent(Record):
    """The content of a form."""

    title: str | None
    icon: str | None
    items: list[Component] = []


class FormSchema(Record, alias_generator=camel):
    """A form with its components."""

    creator_userid: Annotated[str | None, wire("creatorUserId")]
    app_uuid: str | None
    form_code: str | None
    form_uuid: str | None
    name: str | None
    memo: str | None
    owner_id_type: str | None
    """`orgId`, `cid` or `uid`."""
    schema_content: SchemaContent
    icon: str | None
    app_type: int | None
    biz_type: str | None
    engine_type: int | None
    status: str | None
    """`PUBLISHED`, `SAVED` or `INVALID`."""
    list_order: int | None
    custom_setting: str | None
    proc_type: str | None
    """`inner`, `outer` or `customer`."""
    visible_range: str | None
    gmt_create: Millis | None
    gmt_modified: Millis | None

    @property
    def components(self) -> list[Component]:
        """The components in the order of the form."""
        return self.schema_content.items

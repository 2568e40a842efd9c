"""The approval forms of a company, as the admin console changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Required, Unpack, cast

from pydantic import Field, with_config
from typing_extensions import TypedDict

from dingtalk_models.sandbox.callback.changes import pushing_changes
from dingtalk_models.sandbox.console.fields import STRICT, checked
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import result_of
from dingtalk_models.sandbox.smartwork.approval_form import FormPart, delete_form, save_form
from dingtalk_models.sandbox.smartwork.approvals import form_of, now_of
from dingtalk_models.sandbox.state.approval import MANAGER, ApprovalForm, ApprovalStep
from dingtalk_models.sandbox.state.company import Company


@with_config(STRICT)
class FormColumn(TypedDict, total=False):
    """A component (控件) of a form, or a column of a table in it."""

    type: Required[str]
    label: Required[str]
    id: str
    required: bool
    options: list[str]
    props: dict[str, str]


@with_config(STRICT)
class FormComponent(FormColumn, total=False):
    """A component (控件) of a form. The `children` of a table are its columns."""

    children: list[FormColumn]


@with_config(STRICT)
class FormStep(TypedDict, total=False):
    """A step and its approvers: `OR` needs one of them, `AND` all; `manager` means the originator's manager.

    In a step with a `key`, the originator chooses the approver: one of `users`, or anybody if that is empty.
    """

    users: Required[Annotated[list[str], Field(max_length=20)]]
    action: Literal["NONE", "OR", "AND"]
    key: Annotated[str, Field(min_length=1)]
    name: str


class _Form(TypedDict, total=False):
    steps: Annotated[list[FormStep], Field(min_length=1, max_length=20)]
    description: Annotated[str, Field(max_length=300)]


@with_config(STRICT)
class NewForm(_Form, total=False):
    """A new form. Without steps, the originator's manager decides."""

    name: Required[Annotated[str, Field(min_length=1, max_length=200)]]
    components: Required[Annotated[list[FormComponent], Field(max_length=200)]]


@with_config(STRICT)
class ChangedForm(_Form, total=False):
    """The changes of a form. Absent fields stay."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    components: Annotated[list[FormComponent], Field(max_length=200)]
    enabled: bool


class FormConsole:
    """The approval forms."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def add(self, **fields: Unpack[NewForm]) -> ApprovalForm:
        """Add a form, which gets a process code."""
        given = checked(NewForm, fields)
        by_manager: FormStep = {"users": [MANAGER]}
        steps = self._steps(given.get("steps", [by_manager]))
        made = save_form(
            self._company,
            name=given["name"],
            parts=_parts(given["components"]),
            description=given.get("description", ""),
        )
        form = self._company.workflow.forms[result_of(made)["processCode"]]
        form.steps = steps
        return form

    def change(self, process_code: str, **fields: Unpack[ChangedForm]) -> ApprovalForm:
        """Change a form. Running approvals keep their steps."""
        given = checked(ChangedForm, fields)
        form = form_of(self._company, process_code, "processcode.error")
        steps = self._steps(given["steps"]) if "steps" in given else form.steps
        namesake = self._company.workflow.form_named(given.get("name", form.name))
        if namesake not in (None, form):
            raise Refused("formName.error")
        if "components" in given:
            name, parts = given.get("name", form.name), _parts(given["components"])
            save_form(self._company, name=name, parts=parts, process_code=process_code)
        form.name, form.steps, form.modified = given.get("name", form.name), steps, now_of(self._company)
        form.description = given.get("description", form.description)
        form.enabled = given.get("enabled", form.enabled)
        return form

    def remove(self, process_code: str, *, running: bool = False) -> None:
        """Remove a form.

        Args:
            process_code: the form.
            running: whether to end its running approvals.
        """
        with pushing_changes(self._company):
            delete_form(self._company, process_code=process_code, clean=running)

    def _steps(self, given: Sequence[FormStep]) -> list[ApprovalStep]:
        for step in given:
            unknown = [each for each in step["users"] if each != MANAGER and each not in self._company.users]
            if unknown:
                raise Refused("userNotExist", f"nobody has the userid {unknown[0]}")
            if not step["users"] and "key" not in step:
                raise ValueError("a step without users needs a key: the originator chooses")
        return [ApprovalStep(**step) for step in given]


def _parts(components: Sequence[FormComponent | FormColumn]) -> list[FormPart]:
    return [_part(each) for each in components]


def _part(component: FormComponent | FormColumn) -> FormPart:
    """Return a component in the form that calls have."""
    props: dict[str, Any] = {
        **component.get("props", {}),
        "label": component["label"],
        "componentId": component.get("id"),
        "required": component.get("required", False),
        "options": [{"value": option} for option in component.get("options", [])],
    }
    children = _parts(cast("FormComponent", component).get("children", []))
    return FormPart.model_validate({"componentType": component["type"], "props": props, "children": children})

"""The values that a form is filled in with: to the wire and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from approving import RANGE, START
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dingtalk_models import (
    BEIJING,
    ApprovalForm,
    ApprovalInstance,
    DingTalkApp,
    InvalidArgument,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork.form_components import Column, Component, ComponentProps, Option
from dingtalk_models.smartwork.form_values import (
    Address,
    AttachedFile,
    Attachments,
    Contacts,
    Date,
    DateRange,
    Departments,
    FormEntry,
    FormValue,
    Money,
    MultiSelect,
    Number,
    Other,
    Phone,
    Photos,
    Relations,
    Select,
    StarRating,
    Table,
    Text,
    TextArea,
    read_form_value,
)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: Text("事由", 5), "valid string"),  # type: ignore[arg-type]
        (lambda: Number("天数", "3"), "Decimal"),  # type: ignore[arg-type]
        (lambda: Number("天数", 1.5), "Decimal"),  # type: ignore[arg-type]
        (lambda: Number("天数", True), "Decimal"),
        (lambda: Money("金额", Decimal("NaN")), "finite"),
        (lambda: Date("日期", "2026-01-01"), "valid date"),  # type: ignore[arg-type]
        (lambda: Date("日期", datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001 - what is refused
        (lambda: Date("日期", datetime(2026, 1, 1, 1, 1, 1, tzinfo=BEIJING)), "minutes"),
        (lambda: DateRange(RANGE, START, "x"), "valid date"),  # type: ignore[arg-type]
        (lambda: MultiSelect("多选", "a"), "valid list"),  # type: ignore[arg-type]
        (lambda: Photos("图片", ["u"] * 10), "at most 9"),
        (lambda: Relations("关联", ["i"] * 10), "at most 9"),
        (lambda: Attachments("附件", ["x"]), "AttachedFile"),  # type: ignore[list-item]
        (lambda: Contacts("联系人", [1]), "valid string"),  # type: ignore[list-item]
        (lambda: Departments("部门", ["1"]), "valid integer"),  # type: ignore[list-item]
        (lambda: Address("省市区", ["北京,市"]), "comma"),
        (lambda: StarRating("评分", -1), "greater than or equal to 0"),
        (lambda: Table("明细", [[Table("明细", [])]]), "no table"),
        (lambda: Table("明细", [[Contacts("人", ["u"])]] * 51), "50 contacts"),
        (lambda: Table("明细", [["x"]]), "instance of FormValue"),  # type: ignore[list-item]
    ],
)
def test_a_value_of_the_wrong_type_is_refused(wrong: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words) as caught:
        wrong()
    assert caught.value.problems[0].field.startswith("value")


def minutes(lowest: datetime, highest: datetime) -> st.SearchStrategy[datetime]:
    zones = st.sampled_from([UTC, BEIJING, timezone(timedelta(hours=-9, minutes=-30))])
    return st.datetimes(lowest, highest, timezones=zones).map(lambda moment: moment.replace(second=0, microsecond=0))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FILLED = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4)
DAYS = st.dates(date(1970, 1, 2), date(9990, 1, 1))
MINUTES = minutes(datetime(1970, 1, 2), datetime(9990, 1, 1))  # noqa: DTZ001 - hypothesis adds the zones
MOMENTS = st.one_of(DAYS, MINUTES)
FILES = st.builds(
    AttachedFile,
    space_id=st.none() | TEXTS,
    file_id=FILLED,
    file_name=st.none() | FILLED,
    file_size=st.none() | st.integers(0, 2**50),
    file_type=st.none() | TEXTS,
)
PARTS = FILLED.filter(lambda text: "," not in text)
CELLS: dict[str, st.SearchStrategy[FormValue[Any]]] = {
    "TextField": st.builds(Text, st.just("单行"), TEXTS),
    "TextareaField": st.builds(TextArea, st.just("多行"), TEXTS),
    "NumberField": st.builds(Number, st.just("数字"), DECIMALS | st.integers(-(10**20), 10**20)),
    "MoneyField": st.builds(Money, st.just("金额"), DECIMALS),
    "DDSelectField": st.builds(Select, st.just("单选"), st.sampled_from(["甲", "乙", "null"])),
    "DDMultiSelectField": st.builds(MultiSelect, st.just("多选"), st.lists(st.sampled_from(["甲", "乙", "[\"'"]))),
    "DDDateField": st.builds(Date, st.just("日期"), MOMENTS),
    "DDDateRangeField": st.builds(DateRange, st.just(RANGE), MOMENTS, MOMENTS),
    "PhoneField": st.builds(Phone, st.just("电话"), TEXTS),
    "DDPhotoField": st.builds(Photos, st.just("图片"), st.lists(TEXTS, max_size=9)),
    "DDAttachment": st.builds(Attachments, st.just("附件"), st.lists(FILES, max_size=4)),
    "InnerContactField": st.builds(
        Contacts, st.just("联系人"), st.lists(st.sampled_from(["zhaolei", "sunjing"]), max_size=3)
    ),
    "DepartmentField": st.builds(
        Departments, st.just("部门"), st.lists(st.sampled_from([1, 100, 310]), min_size=1, max_size=3)
    ),
    "RelateField": st.builds(Relations, st.just("关联"), st.just([])),
    "AddressField": st.builds(Address, st.just("省市区"), st.lists(PARTS, min_size=1, max_size=4)),
    "StarRatingField": st.builds(StarRating, st.just("评分"), st.integers(0, 5)),
}
OPTIONS = {"DDSelectField": ["甲", "乙", "null"], "DDMultiSelectField": ["甲", "乙", "[\"'"]}
LABELS = {
    "TextField": "单行", "TextareaField": "多行", "NumberField": "数字", "MoneyField": "金额", "DDSelectField": "单选",
    "DDMultiSelectField": "多选", "DDDateField": "日期", "PhoneField": "电话", "DDPhotoField": "图片",
    "DDAttachment": "附件", "InnerContactField": "联系人", "DepartmentField": "部门", "RelateField": "关联",
    "AddressField": "省市区", "StarRatingField": "评分",
}  # fmt: skip
ANY = {
    **CELLS,
    "NumberField": st.builds(Number, st.just("数字"), st.decimals(Decimal(-(10**30)), Decimal(10**30))),
    "DDMultiSelectField": st.builds(MultiSelect, st.just("多选"), st.lists(TEXTS)),
    "InnerContactField": st.builds(Contacts, st.just("联系人"), st.lists(TEXTS)),
    "DepartmentField": st.builds(Departments, st.just("部门"), st.lists(st.integers(), min_size=1)),
    "RelateField": st.builds(Relations, st.just("关联"), st.lists(TEXTS, max_size=9)),
}
"""Values that need not exist in the sandbox's company."""


@pytest.mark.parametrize("component", ANY)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_value_goes_to_the_wire_and_back(component: str, data: st.DataObject) -> None:
    value = data.draw(ANY[component])
    sent = value.to_wire()
    assert sent["componentType"] == component
    entry = FormEntry.model_validate_json(FormEntry.model_validate(sent).model_dump_json(by_alias=True))
    assert entry.filled == value
    assert entry.value == value.value
    assert type(entry.value) is type(value.value)
    assert entry.label == value.label


def everything() -> list[Component]:
    """A form with a component of every type, and a table with a column of each of them."""

    def props(kind: str, where: str) -> ComponentProps:
        label = ["开始时间", "结束时间"] if kind == "DDDateRangeField" else LABELS[kind]
        options: list[Option | str] = [*OPTIONS.get(kind, [])]
        return ComponentProps(label=label, component_id=f"{kind}-{where}", options=options)

    table = Component(
        component_type="TableField",
        props=ComponentProps(label="明细", component_id="TableField-1"),
        children=[Column(component_type=kind, props=props(kind, "COLUMN")) for kind in CELLS],
    )
    return [*(Component(component_type=kind, props=props(kind, "FORM")) for kind in CELLS), table]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_component_goes_to_the_platform_and_back(sandbox: Sandbox, app: DingTalkApp, data: st.DataObject) -> None:
    if not (form := sandbox.company.workflow.form_named("全部控件")):
        code = ApprovalForm.objects.save("全部控件", everything()).process_code
        form = sandbox.company.workflow.forms[code]
    cells = [data.draw(strategy, label=kind) for kind, strategy in CELLS.items()]
    rows = data.draw(st.lists(st.tuples(*CELLS.values()).map(list), max_size=3), label="rows")
    values = [*cells, Table("明细", rows)]
    approval = ApprovalInstance.create(form.process_code, "manager4220", values, dept_id=-1).refresh()
    assert [entry.filled for entry in approval.form_component_values] == values
    assert approval.form == {value.label: value.value for value in values}


@pytest.mark.parametrize(
    ("component", "text", "value"),
    [
        ("TextField", None, None),
        ("NumberField", "", None),
        ("DDAttachment", "null", None),
        ("DDDateField", "2026-01-31 下午", "2026-01-31 下午"),
        ("DDHolidayField", '["2026-01-01","2026-01-02",2]', '["2026-01-01","2026-01-02",2]'),
        ("NumberField", "三", "三"),
        (None, "x", "x"),
        ("TableField", '{"rowValue":3}', '{"rowValue":3}'),
    ],
)
def test_what_cannot_be_read_is_kept(component: str | None, text: str | None, value: object) -> None:
    entry = FormEntry(name="x", text=text, component_type=component)
    assert isinstance(entry.filled, Other)
    assert entry.value == value


def test_contacts_are_read_by_id_where_the_text_has_names() -> None:
    people = '[{"emplId":"zhaolei","name":"赵磊"},{"emplId":"sunjing","name":"孙静"}]'
    entry = FormEntry(name="联系人", text="赵磊,孙静", component_type="InnerContactField", ext_value=people)
    assert entry.value == ["zhaolei", "sunjing"]
    assert FormEntry(name="联系人", text="赵磊", component_type="InnerContactField").value == "赵磊"


def test_rows_are_read_in_both_forms() -> None:
    sent = Table("明细", [[Text("项目", "机票")]]).to_wire()["value"]
    untyped = read_form_value("TableField", "明细", sent, id=None, ext_value=None)
    assert isinstance(untyped, Table)
    assert untyped.rows == [{"项目": "机票"}]
    returned = '[{"rowValue":[{"componentType":"MoneyField","label":"金额","value":"5","key":"k"},'
    returned += '{"componentType":"DDPhotoField","label":"图片","value":["u"],"key":"p"}],"rowNumber":"1"}]'
    typed = read_form_value("TableField", "明细", returned, id=None, ext_value=None)
    assert isinstance(typed, Table)
    assert typed.rows == [{"金额": Decimal(5), "图片": ["u"]}]

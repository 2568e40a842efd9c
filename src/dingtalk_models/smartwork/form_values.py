"""The values of approval forms: Python objects that are sent as DingTalk's text.

    form = [
        Text("事由", "回家"),
        DateRange(("开始时间", "结束时间"), date(2026, 10, 1), date(2026, 10, 3)),
        Table("明细", [[Text("项目", "机票"), Money("金额", Decimal("1280.50"))]]),
    ]

Each class stands for one kind of component (控件), and checks its value when it is created.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime
from decimal import Decimal, DecimalException
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    InstanceOf,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import InitErrorDetails
from typing_extensions import TypedDict, Unpack

from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.json_values import is_array, is_object, loaded
from dingtalk_models.core.problems import message
from dingtalk_models.core.wire import BEIJING, NO_TIME_ZONE, camel, wire
from dingtalk_models.moments import PlainDate, PlainTime
from dingtalk_models.resource.model import OrDict, Shape

V_co = TypeVar("V_co", covariant=True)

_LONGEST = 65535
_CONTACTS_IN_A_TABLE = 50
_NOTHING = {"", "null"}
"""The texts of empty components in replies, for types that do not have these as a value."""


def _whole_minutes(value: date | datetime) -> date | datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(NO_TIME_ZONE)
        if value.second or value.microsecond:
            raise ValueError("forms keep minutes: value.replace(second=0, microsecond=0) / 表单只精确到分钟")
    return value


def _no_comma(value: str) -> str:
    if "," in value:
        raise ValueError("may not hold a comma: the parts travel comma-joined / 不能含逗号：各部分以逗号连接")
    return value


Moment = Annotated[PlainDate | PlainTime, AfterValidator(_whole_minutes)]
"""A date, or a time to the minute with a time zone. The form decides which one it needs."""


class AttachedFile(Shape, alias_generator=camel):
    """A file in the space of approvals, such as the result of an upload."""

    space_id: str | None = None
    file_id: Annotated[str, Field(max_length=256)]
    file_name: Annotated[str | None, Field(max_length=256)] = None
    file_size: Annotated[int | None, PlainSerializer(str, when_used="json-unless-none")] = None
    """Its size in bytes."""
    file_type: str | None = None


class Labels(TypedDict, total=False):
    """More fields of a component."""

    id: str
    """Its id in the form."""
    biz_alias: str
    """Its alias in the form."""
    ext_value: Annotated[str, Field(max_length=_LONGEST)]
    """Its extended value, at most 65,535 characters."""


@dataclass(frozen=True)
class FormValue(Generic[V_co]):
    """The value of one component. A form is a list of these.

    Attributes:
        name: its label in the form.
        value: its value.
        id: its id in the form.
        biz_alias: its alias in the form.
        ext_value: its extended value.
    """

    component: ClassVar[str] = ""
    checker: ClassVar[TypeAdapter[Any]]
    """Checks a value against the type parameter of the class and its limits."""

    name: str
    value: V_co
    _: KW_ONLY
    id: str | None = field(default=None, compare=False)
    biz_alias: str | None = field(default=None, compare=False)
    ext_value: str | None = field(default=None, compare=False)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for base in vars(cls).get("__orig_bases__", ()):
            (kind,) = get_args(base)
            if not isinstance(kind, TypeVar):
                cls.checker = TypeAdapter(kind, config=ConfigDict(defer_build=True))
        if cls.component:
            _components[cls.component] = cls

    def __post_init__(self) -> None:
        """Check the value.

        Raises:
            InvalidArgument: it has the wrong type or exceeds a limit.
        """
        try:
            object.__setattr__(self, "value", self.checker.validate_python(self.value, strict=True))
        except ValidationError as error:
            raise InvalidArgument(f"{type(self).__name__} {self.name}", list(map(_problem, error.errors()))) from None

    @property
    def label(self) -> str | tuple[str, ...]:
        """The name, or all labels of a component with several."""
        return label_of(self.name)

    @classmethod
    def write(cls, value: Any) -> str:
        """Convert a value to its wire text."""
        return str(value)

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> Any:  # noqa: ARG003 - some components need it
        """Convert a wire text to the value."""
        return text

    def to_cell(self) -> dict[str, str]:
        """Convert the component to wire form for a table."""
        texts = {"name": self.name, "value": self.write(self.value), "id": self.id}
        texts |= {"bizAlias": self.biz_alias, "extValue": self.ext_value}
        return {name: text for name, text in texts.items() if text is not None}

    def to_wire(self) -> dict[str, str]:
        """Convert the component to wire form."""
        return {**self.to_cell(), **({"componentType": self.component} if self.component else {})}


_components: dict[str, type[FormValue[Any]]] = {}


def _problem(entry: Any) -> Problem:
    return Problem(".".join(map(str, ("value", *entry["loc"]))), message(entry))


class Text(FormValue[str]):
    """A line of text (单行输入框), preferably at most 1,000 characters."""

    component = "TextField"


class TextArea(FormValue[str]):
    """Text with several lines (多行输入框), preferably at most 8,000 characters."""

    component = "TextareaField"


class Select(FormValue[str]):
    """One of the options (单选框), by text."""

    component = "DDSelectField"


class Phone(FormValue[str]):
    """A telephone number (电话)."""

    component = "PhoneField"


def _from_int(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


class _Numeric(FormValue[Decimal]):
    def __init__(self, name: str, value: Decimal | int, **labels: Unpack[Labels]) -> None:
        super().__init__(name, _from_int(value), **labels)

    @classmethod
    def write(cls, value: Decimal) -> str:
        return f"{value:f}"

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> Decimal:  # noqa: ARG003
        return Decimal(text)


class Number(_Numeric):
    """A number (数字输入框)."""

    component = "NumberField"


class Money(_Numeric):
    """An amount of money (金额)."""

    component = "MoneyField"


class StarRating(FormValue[Annotated[int, Field(ge=0)]]):
    """A number of stars (评分)."""

    component = "StarRatingField"

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> int:  # noqa: ARG003
        return int(text)


class Date(FormValue[Moment]):
    """A date or a time (日期)."""

    component = "DDDateField"

    @classmethod
    def write(cls, value: date | datetime) -> str:
        if isinstance(value, datetime):
            return value.astimezone(BEIJING).replace(tzinfo=None).isoformat(" ", "minutes")
        return value.isoformat()

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> date | datetime:  # noqa: ARG003
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or BEIJING) if ":" in text else moment.date()


class DateRange(FormValue[tuple[Moment, Moment]]):
    """Two dates or two times (日期区间).

    Args:
        labels: both labels.
        start: the start.
        end: the end.
    """

    component = "DDDateRangeField"

    def __init__(
        self, labels: tuple[str, str], start: date | datetime, end: date | datetime, **more: Unpack[Labels]
    ) -> None:
        super().__init__(_compact(list(labels)), (start, end), **more)

    @classmethod
    def write(cls, value: tuple[date | datetime, date | datetime]) -> str:
        return _compact(list(map(Date.write, value)))

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> tuple[date | datetime, ...]:
        return tuple(Date.read(part, ext_value) for part in json.loads(text))


class _Json(FormValue[V_co]):
    @classmethod
    def write(cls, value: Any) -> str:
        return cls.checker.dump_json(value, by_alias=True, exclude_none=True).decode()

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> Any:  # noqa: ARG003
        return cls.checker.validate_json(text)


class MultiSelect(_Json[list[str]]):
    """Several of the options (多选框), by text."""

    component = "DDMultiSelectField"


class Photos(_Json[Annotated[list[str], Field(max_length=9)]]):
    """Pictures (图片), at most 9, by URL."""

    component = "DDPhotoField"


class Attachments(_Json[list[AttachedFile]]):
    """Files (附件)."""

    component = "DDAttachment"


class Relations(_Json[Annotated[list[str], Field(max_length=9)]]):
    """Other approvals (关联审批单), at most 9, by instance id."""

    component = "RelateField"


class Contacts(_Json[list[str]]):
    """Colleagues (联系人), by userid."""

    component = "InnerContactField"

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> Any:
        # if the text has names, the ids are in the extended value
        return (
            super().read(text, None) if text.startswith("[") else [row["emplId"] for row in json.loads(ext_value or "")]
        )


class Departments(FormValue[Annotated[list[int], Field(min_length=1)]]):
    """Departments (部门), by id."""

    component = "DepartmentField"

    @classmethod
    def write(cls, value: list[int]) -> str:
        return ",".join(map(str, value))

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> list[int]:  # noqa: ARG003
        return list(map(int, text.split(",")))


_PlaceName = Annotated[str, Field(min_length=1), AfterValidator(_no_comma)]


class Address(FormValue[Annotated[list[_PlaceName], Field(min_length=1)]]):
    """A place (省市区), from the province down: `["浙江省", "杭州市", "余杭区"]`."""

    component = "AddressField"

    @classmethod
    def write(cls, value: list[str]) -> str:
        return ",".join(value)

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> list[str]:  # noqa: ARG003
        return text.split(",")


class Other(FormValue[str | None]):
    """A component in its original text: one without a class here, an empty one, or one with an unexpected value."""

    @classmethod
    def write(cls, value: str | None) -> str:
        return value or ""


Row = Sequence[FormValue[object]]
"""One row of a table, with a value per column."""


def _flat(rows: Sequence[Row]) -> Sequence[Row]:
    cells = [cell for row in rows for cell in row]
    if any(isinstance(cell, Table) for cell in cells):
        raise ValueError("a table holds no table / 表格中不能再有表格")
    if sum(isinstance(cell, Contacts) for cell in cells) > _CONTACTS_IN_A_TABLE:
        most = _CONTACTS_IN_A_TABLE
        raise ValueError(f"a table holds at most {most} contacts / 表格中的联系人最多 {most} 个")
    return rows


class Table(FormValue[Annotated[Sequence[Sequence[InstanceOf[FormValue[object]]]], AfterValidator(_flat)]]):
    """Rows of other components (表格, 明细)."""

    component = "TableField"

    @property
    def rows(self) -> list[dict[str | tuple[str, ...], Any]]:
        """The rows, each with its values by label."""
        return [{cell.label: cell.value for cell in row} for row in self.value]

    @classmethod
    def write(cls, value: Sequence[Row]) -> str:
        return _compact([[cell.to_cell() for cell in row] for row in value])

    @classmethod
    def read(cls, text: str, ext_value: str | None) -> list[Row]:  # noqa: ARG003
        # a row is a list when it is sent, but an object when the platform returns it
        rows = [row["rowValue"] if is_object(row) else row for row in _array(json.loads(text))]
        return [[_cell(cell) for cell in _array(row)] for row in rows]


def _array(value: Any) -> list[Any]:
    if not is_array(value):
        raise TypeError("not an array")
    return value


def _cell(cell: dict[str, Any]) -> FormValue[Any]:
    return read_form_value(
        cell.get("componentType"),
        _text(cell.get("label", cell.get("name", ""))) or "",
        _text(cell.get("value")),
        id=cell.get("key", cell.get("id")),
        ext_value=_text(cell.get("extendValue", cell.get("extValue"))),
    )


def read_form_value(
    component: str | None, name: str, text: str | None, *, id: str | None, ext_value: str | None
) -> FormValue[Any]:
    """Read a component of a reply. Values that do not fit its type become an `Other`."""
    kind = _components.get(component or "")
    if kind is None or text is None:
        return Other(name, text, id=id, ext_value=ext_value)
    made = object.__new__(kind)
    try:
        vars(made).update(name=name, value=kind.read(text, ext_value), id=id, biz_alias=None, ext_value=ext_value)
        made.__post_init__()
    except (ValueError, DecimalException, LookupError, TypeError, AttributeError):
        return Other(name, None if text in _NOTHING else text, id=id, ext_value=ext_value)
    return made


def label_of(name: str) -> str | tuple[str, ...]:
    """Return a component's label, or its labels if the name is a JSON array of several."""
    try:
        labels = json.loads(name) if name.startswith("[") else name
    except ValueError:
        return name
    return tuple(map(str, labels)) if is_array(labels) else name


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _compact(value)


_LongText = Annotated[str, BeforeValidator(_text), Field(max_length=_LONGEST)]


class _Entry(Shape, alias_generator=camel):
    id: str | None = None
    """Its id in the form."""
    name: str = ""
    """The component's label."""
    text: Annotated[_LongText | None, wire("value")] = None
    """The wire text of the value, at most 65,535 characters."""
    ext_value: _LongText | None = None
    """Its extended value, at most 65,535 characters."""
    component_type: str | None = None
    """Its type."""
    biz_alias: str | None = None
    """Its alias in the form."""


class Cell(_Entry):
    """A value in a row of a table."""


class TableRow(_Entry):
    """A row of a table."""

    details: Annotated[list[Cell], Field(max_length=150)] = []
    """Its values, at most 150."""


class FormEntry(_Entry):
    """A filled-in component of a form. It can also fill in a component of a type without a class here."""

    details: Annotated[list[TableRow], Field(max_length=150)] = []
    """Its rows, at most 150, if they are not in its text."""

    @property
    def label(self) -> str | tuple[str, ...]:
        """The name, or all labels of a component with several."""
        return label_of(self.name)

    @property
    def filled(self) -> FormValue[Any]:
        """Return the component with its value in a form that can be sent again: a `Text`, a `Money`, ….

        Values that do not fit its type become an `Other`.
        """
        return read_form_value(self.component_type, self.name, self.text, id=self.id, ext_value=self.ext_value)

    @property
    def value(self) -> Any:
        """The value as a Python object, by the component's type; `None` if it is empty."""
        return self.filled.value


def _on_the_wire(value: Any) -> Any:
    return value.to_wire() if isinstance(value, FormValue) else value


def _complete(entry: FormEntry) -> FormEntry:
    if missing := {"name", "text"} - entry.model_fields_set:
        raise ValidationError.from_exception_data(
            "FormEntry", [InitErrorDetails(type="missing", loc=(name,), input={}) for name in sorted(missing)]
        )
    return entry


def _filled_in(entries: list[FormEntry]) -> list[FormEntry]:
    """Leave out empty components that come from an existing approval."""
    return [entry for entry in entries if entry.text is not None]


FormItem = Annotated[
    FormValue[Any] | FormEntry | Mapping[str, object],
    GetPydanticSchema(
        lambda _, handler: handler.generate_schema(
            Annotated[OrDict[FormEntry], BeforeValidator(_on_the_wire), AfterValidator(_complete)]
        )
    ),
]
"""A value of a form: a `Text`, a `Money`, …; an entry of an existing approval; or a dict of its fields."""

Form = Annotated[Sequence[FormItem], BeforeValidator(loaded), Field(max_length=150), AfterValidator(_filled_in)]
"""The values of a form, at most 150."""

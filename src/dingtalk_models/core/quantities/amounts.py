"""Wire types of amounts of money: a `Decimal`, sent as a number or as a text, without the errors of a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_DIGITS = 30
"""How many digits an amount may have, the zeros before or after its point included. More would take long to write."""


class _Exact:
    """Reads and writes a `Decimal` as a number or a text. A float counts as the digits that it is printed with."""

    def __init__(self, *, as_text: bool) -> None:
        self._as_text = as_text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        write = _text if self._as_text else _number
        written = core_schema.plain_serializer_function_ser_schema(write, when_used="json")
        amount = core_schema.decimal_schema(max_digits=_DIGITS, serialization=written)
        argument: CoreSchema = core_schema.no_info_before_validator_function(_no_bool, amount)
        if not self._as_text:
            argument = core_schema.no_info_after_validator_function(_as_number, argument)
        return core_schema.json_or_python_schema(amount, argument)


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("should be an amount / 须为金额")  # noqa: TRY004 - pydantic's validators raise `ValueError`
    return value


def _as_number(amount: Decimal) -> Decimal:
    """Refuse what would change on its way: a number in JSON has some 15 digits."""
    if Decimal(repr(_number(amount))) != amount:
        raise ValueError("has more digits than a number in JSON can carry / 位数过多，JSON 数字无法精确表示")
    return amount


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _text(amount: Decimal) -> str:
    return f"{amount:f}"


Amount = Annotated[Decimal, _Exact(as_text=False)]
"""An amount that is sent as a number: a whole one without a point."""

AmountText = Annotated[Decimal, _Exact(as_text=True)]
"""An amount that is sent as a text: `12.50`."""

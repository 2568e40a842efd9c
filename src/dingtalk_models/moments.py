"""The types of days and times, as pydantic is to read them.

While freezegun has the time of a test frozen, `date` and `datetime` are classes of its own, unknown to pydantic.
Modules are imported, and schemas built, when they are first used, so that may be then. These types name the schema.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

PlainDate = Annotated[date, GetPydanticSchema(lambda _source, _handler: core_schema.date_schema())]
PlainTime = Annotated[datetime, GetPydanticSchema(lambda _source, _handler: core_schema.datetime_schema())]

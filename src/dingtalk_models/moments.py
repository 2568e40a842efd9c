"""Date and time types with explicit pydantic schemas.

While freezegun is active, `date` and `datetime` are its own classes, which pydantic does not know. Modules are
imported on first use, so this can happen while a schema is built. These types therefore name their schema.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

PlainDate = Annotated[date, GetPydanticSchema(lambda _source, _handler: core_schema.date_schema())]
PlainTime = Annotated[datetime, GetPydanticSchema(lambda _source, _handler: core_schema.datetime_schema())]

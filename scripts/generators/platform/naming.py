"""Python names for the platform's names."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Container
from typing import Any

from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Shape
from generators.platform.corrections import CORRECTIONS

Page = dict[str, Any]

RESERVED = (
    {*keyword.kwlist, "self"}
    | {name for name, value in vars(builtins).items() if isinstance(value, type) and name.islower()}
    - {"type", "object"}
    | {"knowing", "remembers", "refresh", "save", "update", "delete", "objects"}
    | {name for name in (*dir(Shape), *dir(Model), *dir(Manager())) if not name.startswith("_")}
)
"""Names that mean something else in a class or a signature. The platform's get an underscore: `list_`, `from_`."""


def snake_name(name: str) -> str:
    """`eventId` as `event_id`, `HTTPUrl` as `http_url`."""
    words = re.sub(r"[^0-9A-Za-z]+", "_", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", words).lower().strip("_")


def python_name(name: str, taken: Container[str] = ()) -> str:
    """The name of a parameter or a field, without its typing errors. One without a name is the body."""
    made = snake_name(name) or "body"
    made = CORRECTIONS.fields.get(made, made)
    if made[0].isdigit():
        made = f"field_{made}"
    while made in RESERVED or made in taken:
        made += "_"
    return made


def class_name(name: str) -> str:
    """`event_id` and `eventId` as `EventId`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", name))


def api_name(page: Page) -> str:
    """The platform's name of an API."""
    name: str = page.get("sdk_operation") or page["legacy_method"]
    return name


def product_of(page: Page) -> str:
    """The name of the module: `calendar_1_0`, and on the older host the second word of the name: `attendance`."""
    if "sdk_operation" in page:
        return str(page["sdk_operation"]).partition(".")[0]
    words = page["legacy_method"].split(".")[2:]
    return str(words[1] if words[0] == "v2" else words[0])


def method_of(page: Page) -> str:
    """The name of the method: `create_event` for `calendar_1_0.CreateEvent`."""
    if "sdk_operation" in page:
        return snake_name(page["sdk_operation"].partition(".")[2])
    words = [word for word in page["legacy_method"].split(".")[2:] if word != "v2"]
    return snake_name("_".join(words[1:] or words))


def manager_of(product: str) -> str:
    """The name of the class: `CalendarV1` for `calendar_1_0`."""
    versioned = re.fullmatch(r"(\w+?)_(\d)_0", product)
    return f"{class_name(versioned[1])}V{versioned[2]}" if versioned else f"Oapi{class_name(product)}"

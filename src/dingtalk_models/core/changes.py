"""Which fields of a resource have changed since it was loaded.

A list, a dict or a record can be changed in place and then assigned again. The old value is gone by then. So a resource
that can be saved keeps a JSON copy of such fields when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel
from pydantic_core import from_json, to_json, to_jsonable_python
from typing_extensions import get_type_hints

from dingtalk_models.core.operation import is_operation
from dingtalk_models.core.problems import get_origin

_IN_PLACE = (list, dict, BaseModel)
_UNKNOWN = object()


class _Fields(NamedTuple):
    names: tuple[str, ...]
    values: Callable[[Mapping[str, Any]], Any]


@cache
def _changeable(kind: type[BaseModel]) -> _Fields:
    """The fields that `save()` can send, and that can be changed in place."""
    update: object = getattr(kind, "update", None)
    sent = update.arguments.fields if is_operation(update) else {}
    hints = get_type_hints(kind)
    names = tuple(name for name in kind.model_fields if name in sent and holds(hints[name], *_IN_PLACE))
    # the first name twice: itemgetter returns no tuple for a single name
    return _Fields(names, itemgetter(*names, names[0]) if names else len)


def holds(hint: Any, *kinds: type) -> bool:
    """Whether a value of this type can be, or can contain, one of these kinds."""
    kind = get_origin(hint) or hint
    return (isinstance(kind, type) and issubclass(kind, kinds)) or any(holds(part, *kinds) for part in get_args(hint))


def comparable(value: Any) -> Any:
    """A value to compare with later: a list, a dict or a record as JSON, so that it does not change in place."""
    return to_jsonable_python(value, serialize_unknown=True) if isinstance(value, _IN_PLACE) else value


Snapshot = tuple[bytes, int]
"""The fields of the resources that were loaded together, as JSON, and the place of one of them."""


def snapshots(records: Sequence[BaseModel]) -> Iterable[Snapshot | None]:
    """What has to be kept of resources of one class that are loaded together: for each, or for none of them."""
    fields = _changeable(type(records[0]))
    if not fields.names:
        return repeat(None)
    # one text for all of them: a page of resources would cost twice as much one by one
    kept = to_json([fields.values(vars(record)) for record in records], serialize_unknown=True)
    return ((kept, place) for place in range(len(records)))


def value_before(record: BaseModel, kept: Snapshot | None, name: str, value: Any) -> Any:
    """The value to compare a field with, when it is assigned for the first time."""
    now, names = vars(record).get(name), _changeable(type(record)).names
    if now is not None and name not in record.model_fields_set:
        return _UNKNOWN  # the reply did not have this list, which does not mean that it is empty
    if kept is not None and name in names:
        text, place = kept
        return from_json(text)[place][names.index(name)]
    # the same list assigned again to an object made by hand: it may have been changed in place
    return _UNKNOWN if now is value and isinstance(now, _IN_PLACE) else comparable(now)
